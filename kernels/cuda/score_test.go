//go:build cuda && linux

package cuda

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

func TestScoreEqualsRef(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(13, 14))
	for _, c := range []struct {
		rows, k, vocabulary int
		limit               float32
	}{{1, 8, 256, 0}, {2, 33, 77, 4}, {35, 20, 700, 0}, {3, 9, 300, 30}} {
		x := random(r, c.rows*c.k)
		w, values := weightOf(t, b, r, quant.BF16, c.vocabulary, c.k)
		out := make([]kernels.Logits, c.rows)
		for i := range out {
			for range i % 4 {
				out[i].Targets = append(out[i].Targets, int32(r.IntN(c.vocabulary)))
			}
			if i%5 == 1 {
				out[i].All = make([]float32, c.vocabulary)
			}
		}
		if err := b.Score(upload(b, c.rows, x), w, c.limit, out); err != nil {
			t.Fatal(err)
		}
		logits := make([]float32, c.vocabulary)
		for i, o := range out {
			ref.MatMul(logits, x[i*c.k:(i+1)*c.k], values, 1, c.vocabulary, c.k)
			if c.limit > 0 {
				ref.SoftCap(logits, 1, c.limit)
			}
			p := ref.LogSoftmax(logits)
			got, want := fmt.Sprint(o.LogSumExp, o.Max, o.Argmax), fmt.Sprint(p.LogSumExp(), p.Max, p.Argmax)
			if got != want {
				t.Errorf("%+v, row %d: %s, want %s", c, i, got, want)
			}
			for j, token := range o.Targets {
				if o.Target[j] != logits[token] {
					t.Errorf("%+v, row %d: token %d has logit %v, want %v", c, i, token, o.Target[j], logits[token])
				}
			}
			if o.All != nil {
				if err := sameBits(o.All, logits); err != nil {
					t.Errorf("%+v, row %d: %v", c, i, err)
				}
			}
		}
	}
}

// The lowest of equal tokens is the likeliest.
func TestScoreOfEquals(t *testing.T) {
	b := open(t)
	const vocabulary = 600
	values := make([]float32, vocabulary)
	values[64], values[33], values[299], values[20] = 3, 3, 3, 1
	w, err := b.NewWeight(quant.F32, vocabulary, 1, bytesOf(values))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]kernels.Logits, 2)
	if err := b.Score(upload(b, 2, []float32{1, -1}), w, 0, out); err != nil {
		t.Fatal(err)
	}
	if out[0].Argmax != 33 || out[1].Argmax != 0 {
		t.Errorf("argmax %d and %d, want 33 and 0", out[0].Argmax, out[1].Argmax)
	}
}
