package model_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/model"
)

// The error of mode fast is that of its outputs against those of mode exact,
// and measuring it leaves the model's mode alone.
func TestCompareModes(t *testing.T) {
	path := tinymodel.New(t, tinymodel.Options{Seed: 1})
	exact, fast := open(t, path, model.Options{}), open(t, path, model.Options{})
	if err := fast.SetMode(model.Fast); err != nil {
		if _, err := exact.CompareModes([]int32{3, 4}); err == nil {
			t.Error("modes are compared where there is one")
		}
		t.Skip(err)
	}
	tokens := randomTokens(rand.New(rand.NewPCG(1, 2)), 600, exact.Config().Vocab)
	a, b := alone(t, exact, tokens), alone(t, fast, tokens)
	mean, most, argmax := 0.0, 0.0, 0
	for i := range a[:len(a)-1] {
		d := math.Abs(a[i].LogProb - b[i].LogProb)
		mean, most = mean+d/599, max(most, d)
		if a[i].Argmax != b[i].Argmax {
			argmax++
		}
	}
	if most == 0 {
		t.Fatal("mode fast gives the bits of mode exact")
	}
	for name, m := range map[string]*model.Model{"exact": exact, "fast": fast} {
		before := alone(t, m, tokens[:9])
		e, err := m.CompareModes(tokens)
		if err != nil {
			t.Fatal(err)
		}
		if e.Tokens != 599 || math.Abs(e.Mean-mean) > 1e-12 || e.Max != most || e.Argmax != argmax {
			t.Errorf("%s: %+v, want mean %v, max %v, argmax %d", name, e, mean, most, argmax)
		}
		if !strings.Contains(e.String(), "(599 tokens)") {
			t.Errorf("said as %q", e)
		}
		mustAgree(t, name, alone(t, m, tokens[:9]), before)
	}
	if _, err := exact.CompareModes(tokens[:1]); err == nil {
		t.Error("one token has no successor")
	}
}
