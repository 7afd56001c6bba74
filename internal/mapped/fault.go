package mapped

import (
	"runtime/debug"
	"sync"
	"unsafe"
)

// Faulted is called when a byte of the mapped file at path cannot be had: the
// file was cut short since, or its disk fails. It must not return.
var Faulted func(path string)

// open are the files that are mapped now.
var open struct {
	sync.Mutex
	files map[*byte]file // by their first byte
}

func remember(f file) {
	open.Lock()
	defer open.Unlock()
	if open.files == nil {
		open.files = map[*byte]file{}
	}
	open.files[unsafe.SliceData(f.data)] = f
}

func forget(f file) {
	open.Lock()
	defer open.Unlock()
	delete(open.files, unsafe.SliceData(f.data))
}

// Guard is for goroutines that read mapped files: `defer mapped.Guard()()`. The
// system answers a read that fails with a signal, which would end the program
// with a stack trace; under Guard it leads to Faulted.
func Guard() func() {
	before := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(before)
		p := recover()
		if p == nil {
			return
		}
		if fault, ok := p.(interface{ Addr() uintptr }); ok && Faulted != nil {
			if path, ours := fileAt(fault.Addr()); ours {
				Faulted(path)
			}
		}
		panic(p)
	}
}

// fileAt returns the mapped file with that address in it.
func fileAt(address uintptr) (path string, ours bool) {
	open.Lock()
	defer open.Unlock()
	for first, f := range open.files {
		if from := uintptr(unsafe.Pointer(first)); from <= address && address-from < uintptr(len(f.data)) {
			return f.path, true
		}
	}
	return "", false
}
