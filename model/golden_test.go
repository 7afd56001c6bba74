package model_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/cpu"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model"
)

// The bits of a forward pass on small models, as every instruction set of
// every architecture must give them. What is meant to change them changes
// every score: say so in CHANGELOG.md when a digest here is replaced.
func TestForwardBits(t *testing.T) {
	const tokens = 140 // three pages
	for name, test := range map[string]struct {
		options tinymodel.Options
		want    string
	}{
		"Q8_0": {tinymodel.Options{Seed: 1, Type: quant.Q8_0}, "c579f927b37b48283e6349033b0962a2e3696ff60afd4fdeeb5eb56e8b96eb22"},
		"Q4_0": {tinymodel.Options{Seed: 2, Type: quant.Q4_0, Heads: 3, KVHeads: 1, HeadDim: 32, Untied: true}, "f88d1aa2cd3770b97f0b35ac5aadf65a29b84520b73e8888309611cbb79dc77a"},
		"F32":  {tinymodel.Options{Seed: 3, HeadDim: 24}, "49f29205901ce53b56bd7c026ef2597d028dfbc29d1411701c908307847cc626"},
	} {
		path := tinymodel.New(t, test.options)
		for _, isa := range cpu.Available() {
			t.Run(name+"/"+isa, func(t *testing.T) {
				m := open(t, path, model.Options{ISA: isa, Threads: 2})
				input := randomTokens(rand.New(rand.NewPCG(7, 8)), tokens, m.Config().Vocab)
				if got := digest(alone(t, m, input)); got != test.want {
					t.Errorf("SHA-256 of the outputs is %s, want %s", got, test.want)
				}
			})
		}
	}
}

// digest hashes all numbers of the outputs.
func digest(outputs []model.Output) string {
	var bits []byte
	for _, o := range outputs {
		for _, x := range o.Logits {
			bits = binary.LittleEndian.AppendUint32(bits, math.Float32bits(x))
		}
		for _, x := range []float64{o.LogProb, o.LogSumExp, o.ArgmaxLogProb, float64(o.Argmax)} {
			bits = binary.LittleEndian.AppendUint64(bits, math.Float64bits(x))
		}
	}
	return fmt.Sprintf("%x", sha256.Sum256(bits))
}
