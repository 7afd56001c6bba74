//go:build cuda && linux

package cuda

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
)

// Backend computes on one GPU. Its methods queue work in one stream and return;
// Score waits. An error, of the device or of its memory, makes all that
// follows do nothing until Score reports it.
type Backend struct {
	device     *driver.Device
	stream     *driver.Stream
	set        *kernelSet
	stage      stage
	work       work
	results    pinned // of Score
	ferry      ferry
	pending    *pending // products, unless what comes next is their gate
	turns      []turn   // rotations, unless what comes next stores their result
	step       step     // commands of a small forward pass
	notice     func(string)
	scratch    work      // weights in bfloat16, for one launch
	narrowable int       // bytes in bfloat16 of the weights that are not
	spans      []*placed // of this step
	fast       bool
	tried      bool // whether products of compute capability 9.0 were
	wgmma      bool // and they are used
	err        error
}

var _ kernels.Backend = (*Backend)(nil)

// New takes the GPU with this number into use. notice, if not nil, is told in a
// line what a user should know.
func New(index int, notice func(string)) (*Backend, error) {
	if notice == nil {
		notice = func(string) {}
	}
	d, err := driver.New(index)
	if err != nil {
		return nil, err
	}
	if d.Major < 8 {
		d.Close()
		return nil, fmt.Errorf("GPU %d, %s, has compute capability %d.%d: 8.0 or newer is needed", index, d.Name, d.Major, d.Minor)
	}
	b := &Backend{device: d, ferry: ferry{device: d}, notice: notice}
	if b.set, err = loadKernels(d, notice); err == nil {
		b.stream, err = d.Stream()
	}
	if err == nil {
		err = b.stage.grow(d, stageBytes)
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return b, nil
}

// Name returns what computes: the compute capability, on which the bits of
// mode fast depend.
func (b *Backend) Name() string { return fmt.Sprintf("sm%d%d", b.device.Major, b.device.Minor) }

// rowsEach is how many rows of a step keep a processor of the GPU busy.
const rowsEach = 32

// Device describes the GPU.
func (b *Backend) Device() kernels.Device {
	return kernels.Device{Kind: "cuda", Name: b.device.Name, Rows: rowsEach * b.device.Processors}
}

// Room returns the free memory of the GPU but for what products will take.
func (b *Backend) Room() (int64, error) {
	free, err := b.device.Free()
	if b.fast {
		free = max(0, free-b.reserved())
	}
	return free, err
}

// Close gives back the GPU with all memory.
func (b *Backend) Close() error { return b.device.Close() }

// check keeps the first error.
func (b *Backend) check(err error) {
	if b.err == nil {
		b.err = err
	}
}

// wait returns when all has run, with the first error since the last time. It
// ends a step.
func (b *Backend) wait() error {
	b.flush(true)
	b.step.on = false
	err := b.err
	if err == nil {
		err = b.stream.Wait()
	}
	b.err = nil
	b.stage.clear()
	b.spans = nil
	if errors.Is(err, driver.ErrLost) {
		b.err = err
	}
	return err
}

// matrix is rows of cols floats without gaps.
type matrix struct {
	b          *Backend
	at         driver.Pointer
	half       driver.Pointer // in bfloat16, once that was wanted
	narrow     bool           // only half holds what was written last
	stale      bool           // what was written last was never kept
	rows, cols int
}

func (m *matrix) Rows() int { return m.rows }
func (m *matrix) Cols() int { return m.cols }

// NewMatrix returns a zeroed matrix.
func (b *Backend) NewMatrix(rows, cols int) (kernels.Matrix, error) {
	m := &matrix{b: b, rows: rows, cols: cols}
	var err error
	if m.at, err = b.device.Alloc(int64(4 * rows * cols)); err != nil {
		return nil, err
	}
	return m, b.stream.Clear(m.at, 4*rows*cols)
}

// Close waits until nothing uses the memory.
func (m *matrix) Close() error {
	m.b.flush(false)
	var err error
	for _, p := range []*driver.Pointer{&m.at, &m.half} {
		if *p != 0 {
			err = errors.Join(err, m.b.device.Release(*p))
			*p = 0
		}
	}
	return err
}

// at returns where a matrix lies.
func (b *Backend) at(m *matrix) uint64 {
	if m.stale {
		panic("cuda: the matrix was only kept as what its gate made of it")
	}
	return uint64(m.at)
}

// read waits and returns the first rows of a matrix.
func (b *Backend) read(m *matrix, rows int) ([]float32, error) {
	out := make([]float32, rows*m.cols)
	if m.narrow {
		panic("cuda: the matrix holds no floats")
	}
	b.flush(false)
	if b.err == nil {
		b.check(b.stream.Download(bytesOf(out), m.at))
	}
	return out, b.wait()
}

// bytesOf returns the memory of a slice.
func bytesOf[T int32 | uint64 | float32 | pieceArgs | peakArgs | flashTile | drawArgs | drawnArgs](x []T) []byte {
	var one T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), len(x)*int(unsafe.Sizeof(one)))
}

func ceilDiv(n, by int) int { return (n + by - 1) / by }
