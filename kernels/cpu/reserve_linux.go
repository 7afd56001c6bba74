package cpu

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// reserve returns n zeros that take memory when they are first written, in huge
// pages where the system has them: keys and values are read in pieces of 16 KiB
// from all over the cache, and of small pages each would cost four lookups.
func reserve(n int) (x []float32, free func() error) {
	m, err := unix.Mmap(-1, 0, 4*max(1, n), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|unix.MAP_NORESERVE)
	if err != nil {
		return make([]float32, n), func() error { return nil }
	}
	unix.Madvise(m, unix.MADV_HUGEPAGE) // a wish
	return unsafe.Slice((*float32)(unsafe.Pointer(&m[0])), n), func() error { return unix.Munmap(m) }
}
