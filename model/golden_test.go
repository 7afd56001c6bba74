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
		"Q8_0":         {tinymodel.Options{Seed: 1, Type: quant.Q8_0}, "c579f927b37b48283e6349033b0962a2e3696ff60afd4fdeeb5eb56e8b96eb22"},
		"Q4_0":         {tinymodel.Options{Seed: 2, Type: quant.Q4_0, Heads: 3, KVHeads: 1, HeadDim: 32, Untied: true}, "f88d1aa2cd3770b97f0b35ac5aadf65a29b84520b73e8888309611cbb79dc77a"},
		"biases":       {tinymodel.Options{Seed: 4, Architecture: "qwen2", Metadata: yarn("qwen2")}, "5b34d8955a27ab8ccd51b780654a411a37b12b0c75da9cf6666436c104b0625f"},
		"head norms":   {tinymodel.Options{Seed: 5, Architecture: "qwen3", HeadDim: 32}, "6e11019e1202d97a3ff9f852c2bb30fab6352966d35cb04e7bfac9f2b4a81add"},
		"window":       {tinymodel.Options{Seed: 6, Architecture: "phi3", Metadata: window("phi3", 70)}, "e2d50352f7e83202413b761d048cd5b175812b6658b00b9720173f811d23bc6d"},
		"short window": {tinymodel.Options{Seed: 7, Metadata: window("llama", 9)}, "4562af607b713c6f6ef19fe7f204a411d4d3e7afdd494706f54178a8349eaf90"},
		"limits, GELU": {tinymodel.Options{Seed: 8, Architecture: "gemma2", Type: quant.Q8_0, Metadata: limits("gemma2")}, "1cdd376e3a77339295863d7139ab0a470f2884bf1154e4d903d73ae5f10bacb6"},
		"two bases":    {tinymodel.Options{Seed: 9, Architecture: "gemma3", Layers: 6, Metadata: window("gemma3", 50)}, "de3bd6b8c7cf6ffe77df3d2b051d0741850194f40b45aade1b265e2f38d62cb4"},
		"F32":          {tinymodel.Options{Seed: 3, HeadDim: 24}, "49f29205901ce53b56bd7c026ef2597d028dfbc29d1411701c908307847cc626"},
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

func yarn(arch string) map[string]any {
	return map[string]any{
		arch + ".rope.scaling.type": "yarn", arch + ".rope.scaling.factor": float32(8),
		arch + ".rope.scaling.original_context_length": uint32(64),
	}
}

func window(arch string, n uint32) map[string]any {
	return map[string]any{arch + ".attention.sliding_window": n}
}

func limits(arch string) map[string]any {
	m := window(arch, 70)
	m[arch+".attn_logit_softcapping"] = float32(2)
	m[arch+".final_logit_softcapping"] = float32(5)
	return m
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
