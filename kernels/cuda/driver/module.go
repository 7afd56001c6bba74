//go:build cuda && linux

package driver

// #include "shim.h"
// #include <stdlib.h>
import "C"

import (
	"fmt"
	"unsafe"

	"gorgonia.org/cu"
)

// A Module is an image of kernels, loaded.
type Module struct {
	d    *Device
	name string
	m    cu.Module
}

// Load loads an image: PTX, which the driver compiles, or machine code.
func (d *Device) Load(name string, image []byte) (*Module, error) {
	m := &Module{d: d, name: name}
	text := C.CString(string(image)) // ends with the zero that marks the end of PTX
	defer C.free(unsafe.Pointer(text))
	const size = 4096
	log := (*C.char)(C.calloc(1, size))
	defer C.free(unsafe.Pointer(log))
	err := d.do("loading kernels "+name, func() error {
		return code(C.llamaeval_load((*C.CUmodule)(unsafe.Pointer(&m.m)), unsafe.Pointer(text), log, size))
	})
	if e, ok := err.(*Error); ok {
		e.Log = C.GoString(log)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// A Kernel is a function of a module with the shape of its blocks.
type Kernel struct {
	Name     string
	Threads  int // of a block
	Shared   int // bytes of dynamic shared memory of a block
	function C.CUfunction
}

// Kernel finds a function.
func (m *Module) Kernel(name string, threads, shared int) (*Kernel, error) {
	k := &Kernel{Name: name, Threads: threads, Shared: shared}
	err := m.d.do(fmt.Sprintf("kernel %s of %s", name, m.name), func() error {
		f, err := m.m.Function(name)
		if err != nil {
			return err
		}
		k.function = *(*C.CUfunction)(unsafe.Pointer(&f))
		if shared <= 48<<10 { // more must be asked for
			return nil
		}
		if err := code(C.cuFuncSetAttribute(k.function, C.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, C.int(shared))); err != nil {
			return err
		}
		// As much as can be, so that several blocks have it side by side.
		return code(C.cuFuncSetAttribute(k.function, C.CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, C.CU_SHAREDMEM_CARVEOUT_MAX_SHARED))
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}
