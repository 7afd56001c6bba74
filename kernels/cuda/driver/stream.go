//go:build cuda && linux

package driver

// #include "shim.h"
import "C"

import (
	"unsafe"

	"gorgonia.org/cu"
)

// A Stream is a queue of copies and launches, which run one after another
// while the program goes on. An error of one of them may be reported by any
// later call.
type Stream struct {
	d *Device
	s cu.Stream
}

// Stream returns a new queue, which waits for no other.
func (d *Device) Stream() (*Stream, error) {
	s := &Stream{d: d}
	err := d.do("cuStreamCreate", func() (err error) {
		s.s, err = cu.MakeStream(cu.NonBlocking)
		return err
	})
	return s, err
}

// Close ends the queue after what is in it.
func (s *Stream) Close() error {
	return s.d.do("cuStreamDestroy", func() error { return s.s.Destroy() })
}

// Wait returns when all in the queue has run.
func (s *Stream) Wait() error {
	return s.d.do("cuStreamSynchronize", func() error { return s.s.Synchronize() })
}

// Upload queues a copy to the device. What lies in pinned memory must stay
// unchanged until it has run; other memory is copied before it returns.
func (s *Stream) Upload(dst Pointer, src []byte) error {
	if len(src) == 0 {
		return nil
	}
	return s.d.do("cuMemcpyHtoDAsync", func() error {
		return cu.MemcpyHtoDAsync(cu.DevicePtr(dst), unsafe.Pointer(unsafe.SliceData(src)), int64(len(src)), s.s)
	})
}

// Download queues a copy to pinned memory, which holds it after Wait.
func (s *Stream) Download(dst []byte, src Pointer) error {
	if len(dst) == 0 {
		return nil
	}
	return s.d.do("cuMemcpyDtoHAsync", func() error {
		return cu.MemcpyDtoHAsync(unsafe.Pointer(unsafe.SliceData(dst)), cu.DevicePtr(src), int64(len(dst)), s.s)
	})
}

// Copy queues a copy within the device.
func (s *Stream) Copy(dst, src Pointer, bytes int) error {
	if bytes == 0 {
		return nil
	}
	return s.d.do("cuMemcpyDtoDAsync", func() error {
		return cu.MemcpyDtoDAsync(cu.DevicePtr(dst), cu.DevicePtr(src), int64(bytes), s.s)
	})
}

// Clear queues writing zeros.
func (s *Stream) Clear(dst Pointer, bytes int) error {
	if bytes == 0 {
		return nil
	}
	return s.d.do("cuMemsetD8Async", func() error {
		return cu.MemsetD8Async(cu.DevicePtr(dst), 0, int64(bytes), s.s)
	})
}

// Launch queues a kernel on grid blocks. args points to a structure with the
// layout of the kernel's own, which is copied.
func (s *Stream) Launch(k *Kernel, grid [3]int, args unsafe.Pointer) error {
	blocks := [3]C.uint{C.uint(grid[0]), C.uint(grid[1]), C.uint(grid[2])}
	r := C.llamaeval_launch(s.d.ctx(), k.function, &blocks[0], C.uint(k.Threads), C.uint(k.Shared), s.ptr(), args)
	if r == 0 {
		return nil
	}
	return s.d.code("launch of "+k.Name, r)
}

// An Event is a place in a stream.
type Event struct {
	d *Device
	e cu.Event
}

// Event returns a new event.
func (d *Device) Event() (*Event, error) {
	e := &Event{d: d}
	err := d.do("cuEventCreate", func() (err error) {
		e.e, err = cu.MakeEvent(cu.DefaultEvent)
		return err
	})
	return e, err
}

// Close gives the event back.
func (e *Event) Close() error {
	return e.d.do("cuEventDestroy", func() error { return cu.DestroyEvent(&e.e) })
}

// Wait returns when the event as last recorded has happened.
func (e *Event) Wait() error {
	return e.d.do("cuEventSynchronize", func() error { return code(C.cuEventSynchronize(*(*C.CUevent)(unsafe.Pointer(&e.e)))) })
}

// Record puts the event at the end of the stream.
func (s *Stream) Record(e *Event) error {
	return s.d.do("cuEventRecord", func() error { return e.e.Record(s.s) })
}

// After lets what is queued from now on wait for the event as last recorded.
func (s *Stream) After(e *Event) error {
	return s.d.do("cuStreamWaitEvent", func() error { return s.s.Wait(e.e, 0) })
}

// Since returns the milliseconds between two events that have both happened.
func (e *Event) Since(start *Event) (float64, error) {
	var ms float64
	err := e.d.do("cuEventElapsedTime", func() (err error) {
		ms, err = start.e.Elapsed(e.e)
		return err
	})
	return ms, err
}

// The handles of gorgonia.org/cu hold one pointer, which they hide.
func (d *Device) ctx() C.CUcontext { return *(*C.CUcontext)(unsafe.Pointer(&d.context)) }
func (s *Stream) ptr() C.CUstream  { return *(*C.CUstream)(unsafe.Pointer(&s.s)) }
