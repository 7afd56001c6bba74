//go:build cuda && linux

package driver

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/llamaeval/llamaeval/kernels"
)

// ErrMemory is what an Error is (errors.Is) when the device's memory is full.
var ErrMemory = kernels.ErrMemory

// ErrLost is what an Error is when the device can no longer be used by this
// process: a kernel has failed, or the device is gone.
var ErrLost = errors.New("the GPU can no longer be used")

// An Error is an answer of the driver other than success.
type Error struct {
	Call string // what failed, with what it was about
	Code int    // a CUresult
	Log  string // of the driver's compiler, or empty
}

// meaning is what can be said of a CUresult. The numbers are those of cuda.h.
type meaning struct {
	text string
	is   error
}

var meanings = map[int]meaning{
	1:   {"invalid value (a fault of this program)", nil},
	2:   {"out of GPU memory: close other programs on the GPU, or take a smaller model", ErrMemory},
	3:   {"the driver is not initialised", nil},
	4:   {"the driver is shutting down", ErrLost},
	34:  {"the driver lacks this function: update it to version 525 or newer", nil},
	35:  {"the driver is too old: update it to version 525 or newer", nil},
	46:  {"the GPU is in use by another process, exclusively", nil},
	100: {"no NVIDIA GPU found", nil},
	101: {"no such GPU", nil},
	200: {"the image of the kernels is damaged", nil},
	201: {"no usable context of the GPU", ErrLost},
	209: {"no kernels for this GPU: it needs compute capability 8.0 or newer", nil},
	214: {"uncorrectable memory error of the GPU: have the GPU checked", ErrLost},
	218: {"the driver's compiler refused the kernels", nil},
	220: {"NVLink error of the GPU", ErrLost},
	221: {"the driver's compiler is missing: install libnvidia-ptxjitcompiler", nil},
	222: {"the driver is too old for these kernels: update it to version 525 or newer", nil},
	226: {"memory error of the GPU, contained: have the GPU checked if it comes again", ErrLost},
	500: {"no such kernel in the image", nil},
	700: {"a kernel touched memory that is not its own", ErrLost},
	701: {"a kernel asks for more registers, threads or shared memory than the GPU has", nil},
	702: {"a kernel ran into the time limit of a GPU with a display", ErrLost},
	709: {"the context of the GPU is gone", ErrLost},
	710: {"an assertion in a kernel failed", ErrLost},
	714: {"hardware stack error of the GPU", ErrLost},
	715: {"a kernel holds an illegal instruction", ErrLost},
	716: {"a kernel used a misaligned address", ErrLost},
	717: {"a kernel used an address of the wrong space", ErrLost},
	718: {"a kernel jumped to an invalid address", ErrLost},
	719: {"a kernel failed", ErrLost},
	721: {"a kernel left tensor memory taken", ErrLost},
	800: {"not permitted", nil},
	802: {"the GPU's system is not ready", nil},
	803: {"driver and kernel module differ: reboot after the driver's update", nil},
	804: {"this driver does not support the GPU", nil},
	801: {"the driver cannot do this", nil},
	900: {"not allowed while a graph is recorded (a fault of this program)", nil},
	901: {"the recording of a graph was spoilt (a fault of this program)", nil},
	911: {"the GPU reports an external failure", ErrLost},
	999: {"unknown failure of the driver", ErrLost},
}

// Error says it in one line.
func (e *Error) Error() string {
	text := meanings[e.Code].text
	if text == "" {
		text = "failed"
	}
	if first, _, _ := strings.Cut(strings.TrimSpace(e.Log), "\n"); first != "" {
		text += ": " + first
	}
	return fmt.Sprintf("%s: %s (CUDA error %d)", e.Call, text, e.Code)
}

// Is knows ErrMemory and ErrLost.
func (e *Error) Is(target error) bool {
	is := meanings[e.Code].is
	return is != nil && is == target
}

// failed names the call that gave a result of gorgonia.org/cu, whose error
// type is hidden but is the CUresult. nil stays nil.
func failed(call string, err error) error {
	if err == nil {
		return nil
	}
	if v := reflect.ValueOf(err); v.CanInt() {
		return &Error{Call: call, Code: int(v.Int())}
	}
	return fmt.Errorf("%s: %w", call, err)
}
