//go:build cuda && linux

package driver

/*
#cgo LDFLAGS: -L${SRCDIR}/lib -ldl
#include "shim.h"
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"os"
	"sync"
	"unsafe"

	"gorgonia.org/cu"
)

// Variable is the environment variable that names the driver's library, in
// place of libcuda.so.1.
const Variable = "LLAMAEVAL_LIBCUDA"

// Open finds and initialises the driver, once. Its error says in one line why
// there is no GPU to be used.
var Open = sync.OnceValue(open)

// Missing is how many of the functions that the program may call the driver
// lacks, after Open. To call one is error 34.
var Missing int

func open() error {
	path := C.CString(os.Getenv(Variable))
	defer C.free(unsafe.Pointer(path))
	const size = 512
	message := (*C.char)(C.calloc(1, size))
	defer C.free(unsafe.Pointer(message))
	var status, missing C.int
	failed := C.llamaeval_open(path, message, size, &status, &missing)
	switch {
	case failed == nil:
		Missing = int(missing)
		return nil
	case status == 0:
		return fmt.Errorf("no CUDA driver: %s", C.GoString(failed))
	default:
		return fmt.Errorf("the CUDA driver cannot be used: %w", &Error{Call: C.GoString(failed), Code: int(status)})
	}
}

// An Info describes a device.
type Info struct {
	Index        int
	Name         string
	Major, Minor int   // compute capability
	Memory       int64 // bytes
	Processors   int   // streaming multiprocessors
	SharedMemory int   // bytes that a block can ask for
	Driver       int   // CUDA version of the driver, 12040 for 12.4
}

// Devices lists the devices that the driver shows, all of them, whatever they
// can do.
func Devices() ([]Info, error) {
	if err := Open(); err != nil {
		return nil, err
	}
	n, err := cu.NumDevices()
	if err != nil {
		return nil, failed("cuDeviceGetCount", err)
	}
	var all []Info
	for i := range n {
		info, err := describe(i)
		if err != nil {
			return nil, err
		}
		all = append(all, info)
	}
	return all, nil
}

func describe(index int) (Info, error) {
	i := Info{Index: index, Driver: cu.Version()}
	d, err := cu.GetDevice(index)
	if err != nil {
		return i, failed("cuDeviceGet", err)
	}
	if i.Name, err = d.Name(); err != nil {
		return i, failed("cuDeviceGetName", err)
	}
	if i.Memory, err = d.TotalMem(); err != nil {
		return i, failed("cuDeviceTotalMem", err)
	}
	for attribute, value := range map[cu.DeviceAttribute]*int{
		cu.ComputeCapabilityMajor: &i.Major,
		cu.ComputeCapabilityMinor: &i.Minor,
		cu.MultiprocessorCount:    &i.Processors,
		sharedMemoryOptIn:         &i.SharedMemory,
	} {
		if *value, err = d.Attribute(attribute); err != nil {
			return i, failed("cuDeviceGetAttribute", err)
		}
	}
	return i, nil
}

// gorgonia.org/cu does not name this one.
const sharedMemoryOptIn = cu.DeviceAttribute(C.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)
