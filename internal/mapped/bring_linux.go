package mapped

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	hugePage = 2 << 20
	portion  = 8 * hugePage // copied at a time: more would be there twice
)

// bring replaces the huge pages that lie whole in data.
func bring(data []byte) {
	if len(data) == 0 {
		return
	}
	base := uintptr(unsafe.Pointer(&data[0]))
	first := int(-base & (hugePage - 1))
	end := len(data) - int((base+uintptr(len(data)))&(hugePage-1))
	var next atomic.Int64
	next.Store(int64(first))
	var all sync.WaitGroup
	for range min(4, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			defer Guard()()
			for {
				at := int(next.Add(portion)) - portion
				if at >= end {
					return
				}
				replace(data[at:min(at+portion, end)])
			}
		})
	}
	all.Wait()
}

// replace copies data, which begins and ends at the border of a huge page, and
// moves the copy to its address.
func replace(data []byte) {
	size := uintptr(len(data))
	room := size + hugePage
	p, err := unix.MmapPtr(-1, 0, nil, room, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	if err != nil {
		return
	}
	before := -uintptr(p) & (hugePage - 1)
	from := unsafe.Add(p, before)
	to := unsafe.Slice((*byte)(from), len(data))
	unix.Madvise(to, unix.MADV_HUGEPAGE) // a wish
	copy(to, data)
	if err = unix.Mprotect(to, unix.PROT_READ); err == nil {
		_, err = unix.MremapPtr(from, size, unsafe.Pointer(&data[0]), size, unix.MREMAP_MAYMOVE|unix.MREMAP_FIXED)
	}
	// What lies around the copy goes, and the copy if it could not be moved. A
	// moved copy's place may be somebody else's by now.
	if before > 0 {
		unix.MunmapPtr(p, before)
	}
	if err != nil {
		unix.MunmapPtr(from, size)
	}
	if after := room - before - size; after > 0 {
		unix.MunmapPtr(unsafe.Add(from, size), after)
	}
}
