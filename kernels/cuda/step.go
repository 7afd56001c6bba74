//go:build cuda && linux

package cuda

import (
	"errors"
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
)

// mostSteady is the rows up to which a step is one of decoding: it is so short
// that starting its kernels one by one would take longer than they do.
const mostSteady = 512

// mostGraphs is how many steps are remembered.
const mostGraphs = 64

// graphs says that they are used; tests compare.
var graphs = true

// step collects the commands of a small forward pass. Their arguments name
// places in memory, not what lies there: tokens, positions, lengths and lists
// of pages are sent by one copy before. So the steps of a batch that grows by a
// token each differ in what is sent alone, and a step that has been seen is
// started as a graph, by one call.
type step struct {
	on       bool
	log      []byte // of all commands: what tells steps apart
	commands []command
	seen     map[string]*driver.Graph // by log; nil where it was seen once
	plain    bool                     // graphs are refused
}

// command is a launch, or without a kernel a copy within the device.
type command struct {
	kernel *driver.Kernel
	grid   [3]int
	args   int // where they begin in the log
	copy   copyOf
}

type copyOf struct {
	to, from driver.Pointer
	bytes    int
}

// Step begins a forward pass of so many rows and returns the rows that
// matrices must have: small passes are rounded up to one of few sizes, and
// compute rows that nobody asked for.
func (b *Backend) Step(rows int) int {
	b.flush(false)
	if b.stage.now > 0 { // much was sent and nobody has waited
		b.check(b.wait())
	}
	b.step.on = rows <= mostSteady
	return b.padded(rows)
}

// padded is how many rows an operation computes that was asked for so many.
func (b *Backend) padded(rows int) int {
	switch {
	case !b.step.on || rows == 0:
		return rows
	case rows > 64:
		return ceilDiv(rows, 128) * 128
	default:
		return powerOfTwo(rows)
	}
}

// powerOfTwo rounds n up to one.
func powerOfTwo(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

// padTo returns a copy of x with n elements, the new ones as given.
func padTo[T any](x []T, n int, with T) []T {
	out := make([]T, max(n, len(x)))
	for i := copy(out, x); i < len(out); i++ {
		out[i] = with
	}
	return out
}

// launch queues a kernel, whose structure args is.
func launch[T any](b *Backend, k *driver.Kernel, x, y, z int, args *T) {
	b.queued()
	switch {
	case b.err != nil || x <= 0 || y <= 0 || z <= 0:
	case b.step.on:
		bytes := unsafe.Slice((*byte)(unsafe.Pointer(args)), unsafe.Sizeof(*args))
		b.step.add(command{kernel: k, grid: [3]int{x, y, z}}, bytes)
	default:
		b.check(b.stream.Launch(k, [3]int{x, y, z}, unsafe.Pointer(args)))
	}
}

// copy queues a copy within the device.
func (b *Backend) copy(to, from driver.Pointer, bytes int) {
	switch {
	case b.err != nil:
	case b.step.on:
		b.step.add(command{copy: copyOf{to, from, bytes}}, nil)
	default:
		b.check(b.stream.Copy(to, from, bytes))
	}
}

func (s *step) add(c command, args []byte) {
	head := struct {
		kernel uintptr
		grid   [3]int
		copy   copyOf
	}{uintptr(unsafe.Pointer(c.kernel)), c.grid, c.copy}
	s.log = append(s.log, unsafe.Slice((*byte)(unsafe.Pointer(&head)), unsafe.Sizeof(head))...)
	c.args = len(s.log)
	s.log = append(s.log, args...)
	s.commands = append(s.commands, c)
}

// flush queues what was collected; whole says that it is all of a step.
func (b *Backend) flush(whole bool) {
	b.queued()
	s := &b.step
	defer func() { s.log, s.commands = s.log[:0], s.commands[:0] }()
	b.upload()
	if b.err != nil || len(s.commands) == 0 {
		return
	}
	if whole && graphs && !s.plain {
		if g := b.graph(); g != nil {
			b.check(b.stream.Replay(g))
			return
		}
	}
	b.check(b.each())
}

// each queues the commands one by one.
func (b *Backend) each() error {
	for _, c := range b.step.commands {
		err := error(nil)
		if c.kernel != nil {
			err = b.stream.Launch(c.kernel, c.grid, unsafe.Pointer(&b.step.log[c.args]))
		} else {
			err = b.stream.Copy(c.copy.to, c.copy.from, c.copy.bytes)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// graph returns the graph of a step that comes for the second time or again.
func (b *Backend) graph() *driver.Graph {
	s := &b.step
	g, seen := s.seen[string(s.log)]
	if g != nil {
		return g
	}
	if !seen {
		if len(s.seen) >= mostGraphs {
			b.check(s.forget())
		}
		if s.seen == nil {
			s.seen = map[string]*driver.Graph{}
		}
		s.seen[string(s.log)] = nil
		return nil
	}
	g, err := b.stream.Capture(b.each)
	switch {
	case errors.Is(err, driver.ErrLost):
		b.check(err)
	case err != nil: // nothing has run yet
		s.plain = true
		b.notice("the driver refuses to record graphs, so decoding starts each kernel by itself: " + err.Error())
	default:
		s.seen[string(s.log)] = g
	}
	return g
}

// forget gives all graphs back.
func (s *step) forget() error {
	var err error
	for _, g := range s.seen {
		if g != nil {
			err = errors.Join(err, g.Close())
		}
	}
	clear(s.seen)
	return err
}
