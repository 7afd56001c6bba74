//go:build cuda && linux

package driver

// #include "shim.h"
import "C"

import (
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"gorgonia.org/cu"
)

// A Device is one GPU in use. It may be used from any goroutine, and from
// several, as long as they keep to streams of their own.
type Device struct {
	Info
	context cu.CUContext

	mu   sync.Mutex
	lost error
}

// New takes a device into use.
func New(index int) (*Device, error) {
	all, err := Devices()
	if err != nil {
		return nil, err
	}
	if index < 0 || index >= len(all) {
		return nil, fmt.Errorf("there is no GPU %d: %d found", index, len(all))
	}
	d := &Device{Info: all[index]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if d.context, err = cu.Device(index).MakeContext(cu.SchedAuto); err != nil {
		return nil, failed(fmt.Sprintf("GPU %d: cuCtxCreate", index), err)
	}
	return d, nil
}

// Close gives back the device and all its memory.
func (d *Device) Close() error {
	return d.do("cuCtxDestroy", func() error { return d.context.Destroy() })
}

// do makes a call with the device's context on this thread. After an error
// from which a device does not recover, that error is the answer to all.
func (d *Device) do(call string, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cu.SetCurrentContext(d.context); err != nil {
		return d.note("cuCtxSetCurrent", err)
	}
	return d.note(call, f())
}

func (d *Device) note(call string, err error) error {
	if err == nil {
		return nil
	}
	err = failed(fmt.Sprintf("GPU %d: %s", d.Index, call), err)
	if e, ok := err.(*Error); ok && meanings[e.Code].is == ErrLost {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.lost == nil {
			d.lost = err
		}
		return d.lost
	}
	return err
}

// code notes a CUresult of our own calls.
func (d *Device) code(call string, r C.CUresult) error {
	if r == 0 {
		return nil
	}
	return d.note(call, result(r))
}

// result makes a CUresult an error that failed understands.
type result int

func (r result) Error() string { return fmt.Sprint("CUDA error ", int(r)) }

// Free returns how many bytes of memory are to be had.
func (d *Device) Free() (int64, error) {
	var free int64
	err := d.do("cuMemGetInfo", func() (err error) {
		free, _, err = cu.MemInfo()
		return err
	})
	return free, err
}

// A Pointer is an address in a device's memory.
type Pointer uint64

// Alloc returns memory whose content is undefined, at an address that is a
// multiple of 256.
func (d *Device) Alloc(bytes int64) (Pointer, error) {
	var p cu.DevicePtr
	err := d.do(fmt.Sprintf("cuMemAlloc of %d MiB", (bytes+1<<20-1)>>20), func() (err error) {
		p, err = cu.MemAlloc(bytes)
		return err
	})
	return Pointer(p), err
}

// Release gives memory back, after all that uses it has run.
func (d *Device) Release(p Pointer) error {
	return d.do("cuMemFree", func() error { return cu.MemFree(cu.DevicePtr(p)) })
}

// Pinned returns host memory that a device copies from and to by itself.
func (d *Device) Pinned(bytes int) ([]byte, error) {
	var p unsafe.Pointer
	err := d.do(fmt.Sprintf("cuMemHostAlloc of %d bytes", bytes), func() error {
		return code(C.cuMemHostAlloc(&p, C.size_t(bytes), C.CU_MEMHOSTALLOC_PORTABLE))
	})
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*byte)(p), bytes), nil
}

// ReleasePinned gives back what Pinned returned.
func (d *Device) ReleasePinned(b []byte) error {
	return d.do("cuMemFreeHost", func() error { return cu.MemFreeHost(unsafe.Pointer(unsafe.SliceData(b))) })
}

func code(r C.CUresult) error {
	if r == 0 {
		return nil
	}
	return result(r)
}
