package mapped

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// mapFile maps size bytes of f read-only. The mapping outlives f: the view
// keeps the section alive after its handle is closed.
func mapFile(f *os.File, size int) (data []byte, unmap func() error, err error) {
	section, err := windows.CreateFileMapping(windows.Handle(f.Fd()), nil, windows.PAGE_READONLY, 0, 0, nil)
	if err != nil {
		return nil, nil, os.NewSyscallError("CreateFileMapping", err)
	}
	defer windows.CloseHandle(section)
	address, err := windows.MapViewOfFile(section, windows.FILE_MAP_READ, 0, 0, uintptr(size))
	if err != nil {
		return nil, nil, os.NewSyscallError("MapViewOfFile", err)
	}
	// The address is no Go pointer, so it is reinterpreted, not converted.
	base := *(**byte)(unsafe.Pointer(&address))
	return unsafe.Slice(base, size), func() error { return windows.UnmapViewOfFile(address) }, nil
}
