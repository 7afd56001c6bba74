// Package kernels is the seam between the forward pass and the processor that
// computes it: the handful of operations a Llama-family model needs, on
// matrices that live wherever the backend keeps them.
//
// kernels/ref says what each operation computes, bit by bit; kernels/cpu
// computes it fast on the host. A backend may run asynchronously: only Score
// and Read wait for results, and what failed before is reported there.
package kernels

import (
	"errors"

	"github.com/llamaeval/llamaeval/kernels/quant"
)

// PageTokens is how many consecutive positions a page of the KV cache holds.
// Attention takes keys in blocks of the same size, at absolute positions.
const PageTokens = 64

// A Backend computes. It belongs to one forward pass at a time.
//
// Matrices and weights given to a backend must be its own. Rows and columns
// that do not fit are a programmer's error and panic.
type Backend interface {
	// Name says what computes: the instruction set or the device.
	Name() string
	// Fast chooses between exact arithmetic and products of rounded factors
	// (bfloat16, or bytes), or says why this backend lacks those. Call it
	// between two forward passes.
	Fast(on bool) error
	// Device describes what computes.
	Device() Device
	// Room returns how many bytes of memory of its own the device has left,
	// or -1 where it uses the host's.
	Room() (int64, error)
	// NewMatrix returns a zeroed matrix of float32.
	NewMatrix(rows, cols int) (Matrix, error)
	// NewWeight takes a weight of rows x cols stored row by row in a
	// checkpoint's format. The backend may keep data, which must stay valid.
	NewWeight(t quant.Type, rows, cols int, data []byte) (Weight, error)
	// NewCache returns a KV cache of up to pages pages. On the host they are
	// allocated as used; where a device's memory is short it is an ErrMemory.
	NewCache(s CacheShape, pages int) (Cache, error)
	// PageBytes returns the memory that one page of such a cache takes.
	PageBytes(s CacheShape) int

	// Write sets row i of dst to the i-th len/rows values.
	Write(dst Matrix, rows int, values []float32)
	// Embed sets row i of dst to row tokens[i] of w, times scale.
	Embed(dst Matrix, w Weight, tokens []int32, scale float32)
	// Gather sets row i of dst to row rows[i] of src.
	Gather(dst, src Matrix, rows []int)
	// Norm sets the first rows of dst to RMSNorm(x)·gain.
	Norm(dst, x Matrix, rows int, gain Weight, eps float32)
	// NormHeads sets each of the heads in the rows of x to its own
	// RMSNorm·gain.
	NormHeads(x Matrix, rows, heads int, gain Weight, eps float32)
	// Add adds the first rows of x to those of dst.
	Add(dst, x Matrix, rows int)
	// AddBias adds a weight of one row to each of the first rows of x.
	AddBias(x Matrix, rows int, bias Weight)
	// Multiply computes products that share the left factor: the first rows
	// of each p.Dst become (or with p.Add grow by) x·p.Weightᵀ.
	Multiply(x Matrix, rows int, products ...Product)
	// Rotate turns each of the heads in the rows of x by the angles in table,
	// whose rows hold cosines, then sines, each twice, for the first
	// cols/2 elements of a head. Pairs are neighbours, or with halves an
	// element and the one half of them further on; then the turned pairs are
	// stored as neighbours.
	Rotate(x Matrix, rows, heads int, table Matrix, halves bool)
	// Store writes rows of keys and values into the pages of the spans.
	Store(c Cache, layer int, k, v Matrix, spans []Span)
	// Attend sets rows of dst to the attention of the queries in q over the
	// cached positions up to and including their own.
	Attend(dst, q Matrix, c Cache, layer int, how Attention, spans []Span)
	// SwiGLU sets the first rows of dst to SiLU(gate)·up.
	SwiGLU(dst, gate, up Matrix, rows int)
	// GeGLU sets the first rows of dst to GELU(gate)·up, GELU by tanh.
	GeGLU(dst, gate, up Matrix, rows int)
	// Score multiplies the first len(out) rows of x with the output weight
	// and summarises each row of logits; logits are kept only where asked.
	// With a limit above 0 a logit is limit·tanh(product/limit).
	Score(x Matrix, w Weight, limit float32, out []Logits) error

	// Close ends the backend's threads or gives back its device.
	Close() error
}

// A Stepper is a backend to which a forward pass is more than its operations.
type Stepper interface {
	// Step says that what follows up to Score is a forward pass of so many
	// rows. It returns how many rows the matrices must have: operations may
	// overwrite rows up to there that they were not asked for.
	Step(rows int) int
}

// A Drawer is a backend whose Score draws tokens where Logits ask for it.
type Drawer interface{ Draws() }

// ErrMemory is what an error is (errors.Is) when a device's memory is full.
var ErrMemory = errors.New("out of memory")

// A Device describes what computes.
type Device struct {
	Kind string // cpu or cuda
	Name string // of a card, empty for the host
	Rows int    // of a step that keeps it busy
}

// A Matrix is a backend's matrix of float32 activations.
type Matrix interface {
	Rows() int
	Cols() int
	// Close gives the memory back, after all that uses it has run.
	Close() error
}

// A Weight is a matrix of a checkpoint, one row per output.
type Weight interface {
	Rows() int
	Cols() int
}

// A Cache holds keys and values in pages of PageTokens positions.
type Cache interface {
	// CopyRows copies the first rows positions of page src to page dst, in
	// all layers.
	CopyRows(dst, src int32, rows int)
	// Close gives the memory back.
	Close() error
}

// CacheShape is what a page of the cache holds.
type CacheShape struct {
	Layers, KVHeads, HeadDim int
	Heads                    int // query heads; a multiple of KVHeads
}

// Attention says how a layer's queries attend.
type Attention struct {
	Scale  float32 // of the products of queries and keys
	Limit  float32 // above 0: a scaled score s becomes Limit·tanh(s/Limit)
	Window int     // above 0: a query sees so many positions, its own the last; else all
}

// A Product is one factor and one destination of Multiply.
type Product struct {
	Dst    Matrix
	Weight Weight
	Add    bool
}

// A Span is consecutive positions of one sequence in consecutive rows of a
// batch. Pages[i] holds the positions from PageTokens·i; one below 0 is before
// all windows, in every layer.
type Span struct {
	Row, Len int
	Start    int // absolute position of the first row
	Pages    []int32
}

// Logits asks for and receives a summary of one row of logits.
type Logits struct {
	Targets []int32   // asked: tokens whose logits are wanted
	All     []float32 // asked if not nil: receives the whole row
	Draws   []Draw    // asked, of a Drawer: receive tokens

	Target    []float32 // logits of Targets
	LogSumExp float64   // of the whole row; natural log
	Max       float32
	Argmax    int32 // lowest token among equals
}

// A Draw asks for and receives a token drawn from a row of logits as ref.Draw
// does it.
type Draw struct {
	Temperature float64 // above 0
	TopP        float64 // nucleus mass; 0 or 1: all
	Share       float64 // in [0, 1), which decides the draw

	Token int32
	Logit float32 // of Token
}
