package bench

import (
	"time"

	"github.com/llamaeval/llamaeval/kernels"
)

// A watch times a backend's kernels. What lies between two of them is not
// counted.
type watch struct {
	kernels.Backend
	spent map[string]time.Duration
}

// clear begins a new measurement. A nil watch, of a GPU, whose kernels run
// later than they are called, measures nothing.
func (w *watch) clear() {
	if w != nil {
		clear(w.spent)
	}
}

// shares are the percentages of some seconds.
func (w *watch) shares(total float64) map[string]float64 {
	if w == nil {
		return nil
	}
	out := map[string]float64{}
	for name, d := range w.spent {
		out[name] = 100 * d.Seconds() / total
	}
	return out
}

func (w *watch) time(name string, start time.Time) { w.spent[name] += time.Since(start) }

func (w *watch) Embed(dst kernels.Matrix, table kernels.Weight, tokens []int32, scale float32) {
	defer w.time("embed", time.Now())
	w.Backend.Embed(dst, table, tokens, scale)
}

func (w *watch) Norm(dst, x kernels.Matrix, rows int, gain kernels.Weight, eps float32) {
	defer w.time("norm", time.Now())
	w.Backend.Norm(dst, x, rows, gain, eps)
}

func (w *watch) Multiply(x kernels.Matrix, rows int, products ...kernels.Product) {
	defer w.time("multiply", time.Now())
	w.Backend.Multiply(x, rows, products...)
}

func (w *watch) Rotate(x kernels.Matrix, rows, heads int, table kernels.Matrix, halves bool) {
	defer w.time("rotate", time.Now())
	w.Backend.Rotate(x, rows, heads, table, halves)
}

func (w *watch) Store(c kernels.Cache, layer int, k, v kernels.Matrix, spans []kernels.Span) {
	defer w.time("store", time.Now())
	w.Backend.Store(c, layer, k, v, spans)
}

func (w *watch) Attend(dst, q kernels.Matrix, c kernels.Cache, layer int, how kernels.Attention, spans []kernels.Span) {
	defer w.time("attend", time.Now())
	w.Backend.Attend(dst, q, c, layer, how, spans)
}

func (w *watch) SwiGLU(dst, gate, up kernels.Matrix, rows int) {
	defer w.time("swiglu", time.Now())
	w.Backend.SwiGLU(dst, gate, up, rows)
}

func (w *watch) NormHeads(x kernels.Matrix, rows, heads int, gain kernels.Weight, eps float32) {
	defer w.time("norm", time.Now())
	w.Backend.NormHeads(x, rows, heads, gain, eps)
}

func (w *watch) Add(dst, x kernels.Matrix, rows int) {
	defer w.time("add", time.Now())
	w.Backend.Add(dst, x, rows)
}

func (w *watch) AddBias(x kernels.Matrix, rows int, bias kernels.Weight) {
	defer w.time("add", time.Now())
	w.Backend.AddBias(x, rows, bias)
}

func (w *watch) GeGLU(dst, gate, up kernels.Matrix, rows int) {
	defer w.time("geglu", time.Now())
	w.Backend.GeGLU(dst, gate, up, rows)
}

func (w *watch) Score(x kernels.Matrix, table kernels.Weight, limit float32, out []kernels.Logits) error {
	defer w.time("score", time.Now())
	return w.Backend.Score(x, table, limit, out)
}
