//go:build cuda && linux

package cuda_test

import (
	"math"
	"os"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model"
)

// The file LLAMAEVAL_GPU_MODEL, or a small one: in mode exact no token's
// log-probability differs from the CPU's by 1e-3; mode fast's error is logged.
func TestTokensAgainstCPU(t *testing.T) {
	path := os.Getenv("LLAMAEVAL_GPU_MODEL")
	if path == "" {
		path = tinymodel.New(t, tinymodel.Options{Seed: 21, Type: quant.Q8_0})
	}
	cpu := open(t, path, model.Options{})
	tokens := tokensOf(cpu, min(200, cpu.Config().ContextLength))
	want := logProbs(t, cpu, tokens)
	for _, fast := range []bool{false, true} {
		got := logProbs(t, onGPU(t, path, fast), tokens)
		most, mean := 0.0, 0.0
		for i := range got {
			d := math.Abs(got[i] - want[i])
			most, mean = max(most, d), mean+d/float64(len(got))
		}
		t.Logf("fast %v: log-probabilities of %d random tokens differ from the CPU's by %.2e on average, %.2e at most", fast, len(got), mean, most)
		if !fast && !(most <= 1e-3) {
			t.Errorf("mode exact: a token's log-probability differs by %v, more than 1e-3", most)
		}
	}
}

// logProbs returns the log-probability of each token but the first.
func logProbs(t *testing.T, m *model.Model, tokens []int32) []float64 {
	t.Helper()
	kv := newKV(t, m, len(tokens)/model.PageTokens+1)
	defer kv.Close()
	s := model.Segment{Tokens: tokens}
	for range len(tokens)/model.PageTokens + 1 {
		p, _ := kv.Alloc()
		s.Pages = append(s.Pages, p)
	}
	for i := range len(tokens) - 1 {
		s.Outputs = append(s.Outputs, model.Output{Row: i, Target: tokens[i+1]})
	}
	segments := []model.Segment{s}
	if err := m.Forward(kv, segments); err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(s.Outputs))
	for i, o := range segments[0].Outputs {
		out[i] = o.LogProb
	}
	return out
}
