// Package cpu computes the forward pass on the host: assembly for the
// instruction sets it knows, plain Go elsewhere, chosen when the program
// starts, on all threads.
//
// Every set, every number of threads and every batch gives the bits that
// package ref defines; speed comes only from choices that cannot change them:
// which outputs are computed side by side, where intermediate sums wait, and
// who computes what.
package cpu

import (
	"fmt"
	"runtime"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/quant"
)

// Backend computes on the host. It implements kernels.Backend.
type Backend struct {
	isa     *isa
	bf16    *bf16 // set in mode fast
	pool    *Pool
	local   []scratch // by worker
	narrow  matrix    // of mode fast: the left factor of the product under way
	rounded []byte    // the same for k-quants
	side    []float32 // of few rows: the same, rows side by side
	jobs    []product // of the products under way
	turns   []turn
	last    *weight // of the product last computed
}

// scratch is one worker's memory. Its slices grow to what was once needed.
type scratch struct {
	panels  []float32 // widened weights
	rows    []float32 // rows of weights before they are transposed
	exact   []float32 // widened weights before they are rounded
	packed  []byte    // superblocks of weights as integers
	partial []float32 // chains that are cut along k and must not touch dst yet
	logits  []float32
	query   []float32
	scores  []float32
	output  []float32
	highest []float32
	sum     []float32
	shrink  []float32
	steps   []step
	soon    soon
	pairs   []float32 // a head whose halves are interleaved
	powers  []float32 // of e, of one row
}

// New returns a backend with that many threads (0: one per processor) and the
// instruction set called isaName ("": the environment variable Variable, else
// the best one).
func New(threads int, isaName string) (*Backend, error) {
	s, err := choose(isaName)
	if err != nil {
		return nil, err
	}
	if threads < 0 {
		return nil, fmt.Errorf("%d threads: want a positive number, or 0 for one per processor", threads)
	}
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	return &Backend{isa: s, pool: NewPool(threads), local: make([]scratch, threads)}, nil
}

// Name returns the instruction set.
func (b *Backend) Name() string { return b.isa.name }

// Device describes the host.
func (b *Backend) Device() kernels.Device { return kernels.Device{Kind: "cpu", Rows: 512} }

// Room returns -1: activations and cache are the host's memory.
func (b *Backend) Room() (int64, error) { return -1, nil }

// Threads returns the number of threads.
func (b *Backend) Threads() int { return b.pool.Threads() }

// Close ends the threads.
func (b *Backend) Close() error {
	b.pool.Close()
	return nil
}

// matrix is rows of cols floats, ld apart. Between cols and the next multiple
// of 32 a row holds zeros, so that vectors may run over the end.
type matrix struct {
	data           []float32
	rows, cols, ld int
}

func (m *matrix) Rows() int { return m.rows }
func (m *matrix) Cols() int { return m.cols }

// Close leaves the memory to the collector.
func (m *matrix) Close() error { return nil }

// row returns row i with n floats, which may reach into the padding.
func (m *matrix) row(i, n int) []float32 { return m.data[i*m.ld : i*m.ld+n] }

// NewMatrix returns a zeroed matrix. Rows are a little longer than a multiple
// of 32, as rows 4 KiB apart would compete for the same cache lines.
func (b *Backend) NewMatrix(rows, cols int) (kernels.Matrix, error) {
	return newMatrix(rows, cols), nil
}

func newMatrix(rows, cols int) *matrix {
	ld := roundUp(cols, 32) + panelCols
	return &matrix{data: make([]float32, rows*ld), rows: rows, cols: cols, ld: ld}
}

// weight is a checkpoint's matrix in its own format.
type weight struct {
	kind       quant.Type
	rows, cols int
	stride     int // bytes of a row
	data       []byte
	wide       []float32 // the padded row, if there is only one
	then       *weight   // what was multiplied after it
}

func (w *weight) Rows() int { return w.rows }
func (w *weight) Cols() int { return w.cols }

// NewWeight checks sizes and keeps data, which may lie in a mapped file.
func (b *Backend) NewWeight(t quant.Type, rows, cols int, data []byte) (kernels.Weight, error) {
	if !t.Supported() {
		return nil, fmt.Errorf("weights of type %v are not supported; convert the checkpoint to F16, Q8_0 or another common type", t)
	}
	stride, err := t.RowBytes(cols)
	if err != nil {
		return nil, err
	}
	if rows <= 0 || len(data)/stride != rows || len(data)%stride != 0 {
		return nil, fmt.Errorf("%d bytes of %v are not %d rows of %d weights", len(data), t, rows, cols)
	}
	w := &weight{kind: t, rows: rows, cols: cols, stride: stride, data: data}
	if rows == 1 {
		w.wide = make([]float32, roundUp(cols, 32))
		w.widen(w.wide[:cols], 0, 0)
	}
	return w, nil
}

// widen decodes len(dst) weights of a row, from weight first on. Both are
// whole blocks.
func (w *weight) widen(dst []float32, row, first int) {
	size, bytes := w.kind.BlockSize(), w.kind.BlockBytes()
	from := row*w.stride + first/size*bytes
	src := w.data[from : from+len(dst)/size*bytes]
	if err := quant.Dequantize(dst, w.kind, src); err != nil {
		panic(err) // sizes and type were checked by NewWeight
	}
}

// grow returns s with n elements, reallocated if it must be; contents are
// whatever they were.
func grow[T any](s *[]T, n int) []T {
	if cap(*s) < n {
		*s = make([]T, n)
	}
	return (*s)[:n]
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

func ceilDiv(n, by int) int { return (n + by - 1) / by }
