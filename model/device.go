package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cpu"
	"github.com/llamaeval/llamaeval/kernels/cuda"
)

// Devices that a model can be computed on.
const (
	CPU  = "cpu"
	CUDA = "cuda" // the first GPU; "cuda:1" is the second
)

// ParseDevices reads cpu, cuda or cuda:i[,j...] and returns each device by
// itself, as Options.Device has it.
func ParseDevices(s string) ([]string, error) {
	if s == CPU {
		return []string{CPU}, nil
	}
	kind, list, numbered := strings.Cut(s, ":")
	if kind != CUDA {
		return nil, fmt.Errorf("is neither %s nor %s nor a list of GPUs such as %[2]s:0,1", CPU, CUDA)
	}
	if !numbered {
		return []string{CUDA + ":0"}, nil
	}
	var out []string
	for number := range strings.SplitSeq(list, ",") {
		i, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("%q is no number of a GPU, as in %s:0,1", number, CUDA)
		}
		device := fmt.Sprint(CUDA, ":", i)
		if slices.Contains(out, device) {
			return nil, fmt.Errorf("names GPU %d twice", i)
		}
		out = append(out, device)
	}
	return out, nil
}

// newBackend takes a device into use.
func newBackend(o Options) (kernels.Backend, error) {
	if o.Device == "" {
		o.Device = CPU
	}
	devices, err := ParseDevices(o.Device)
	if err == nil && len(devices) > 1 {
		err = fmt.Errorf("is several: a model is computed by one")
	}
	if err != nil {
		return nil, fmt.Errorf("device %s %w", o.Device, err)
	}
	if devices[0] == CPU {
		return cpu.New(o.Threads, o.ISA)
	}
	index, _ := strconv.Atoi(strings.TrimPrefix(devices[0], CUDA+":"))
	return cuda.Open(index, o.Notice)
}

// Device describes what computes.
func (m *Model) Device() kernels.Device { return m.backend.Device() }

// Room returns how many bytes of memory of its own the device has left, or -1
// where it uses the host's.
func (m *Model) Room() (int64, error) { return m.backend.Room() }

// hostActivations bounds the activations of a step on the host, in bytes.
const hostActivations = 64 << 20

// StepRows returns how many tokens a step should have: as many as keep the
// device busy, unless their activations would take more than their share of
// memory.
func (m *Model) StepRows() int {
	bound := int64(hostActivations)
	if room, err := m.Room(); err == nil && room >= 0 {
		bound = room / 8
	}
	return max(PageTokens, int(min(int64(m.Device().Rows), bound/int64(m.RowBytes())))&^15)
}
