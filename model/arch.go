package model

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/unsupported"
)

// An architecture says how a family of checkpoints differs from Llama as
// forward.go computes it (Touvron et al., "LLaMA", 2023, with grouped queries,
// Ainslie et al., 2023). Adding a family means adding an entry to
// architectures, and a field for whatever no other family has. What differs
// between checkpoints of one family (sizes, windows, rotary scaling, limits) is
// in Config; what any file may do (fused projections, tied embeddings) the
// loader sees by itself.
type architecture struct {
	// halves: rotary pairs are an element of a head and the one half a head
	// further on. Llama's GGUF files are stored for neighbours.
	halves bool
	// biases names the products to which a bias is added, and whether every
	// checkpoint has it.
	biases map[string]bool
	// headNorms: each head of queries and keys is normalised before it turns.
	headNorms bool
	// postNorms: what attention and feed-forward part give is normalised
	// before it joins the stream.
	postNorms bool
	// gelu: the gate is GELU by tanh instead of SiLU.
	gelu bool
	// scaledEmbedding: embeddings are multiplied by the root of their width.
	scaledEmbedding bool
	// fusedGate: ffn_up holds the gate's rows, then its own.
	fusedGate bool
	// globalEvery: where there is a window, of so many layers the last one
	// sees everything; 0: no layer does.
	globalEvery int
	// localRopeBase is that of layers with a window, whose angles are not
	// scaled; 0: as in the others.
	localRopeBase float64
	// scale of queries times keys where a file names none; nil: one over the
	// root of the head's width.
	scale func(c *Config) float64
}

// architectures is indexed by general.architecture.
var architectures = map[string]architecture{
	// Llama 1 to 3.2, Code Llama, TinyLlama, SmolLM2, Mistral
	"llama": {
		biases: optional("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"),
	},
	// Qwen2, Qwen2.5
	"qwen2": {
		halves: true,
		biases: map[string]bool{"attn_q": true, "attn_k": true, "attn_v": true},
	},
	"qwen3": {
		halves:    true,
		biases:    optional("attn_q", "attn_k", "attn_v", "attn_output"),
		headNorms: true,
	},
	// ERNIE 4.5 without experts
	"ernie4_5": {
		biases: optional("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"),
	},
	"phi3": {
		halves:    true,
		fusedGate: true,
	},
	"gemma": {
		halves:          true,
		gelu:            true,
		scaledEmbedding: true,
	},
	"gemma2": {
		halves:          true,
		gelu:            true,
		scaledEmbedding: true,
		postNorms:       true,
		globalEvery:     2,
		scale:           gemmaScale(46),
	},
	"gemma3": {
		halves:          true,
		headNorms:       true,
		gelu:            true,
		scaledEmbedding: true,
		postNorms:       true,
		globalEvery:     6,
		localRopeBase:   10000,
		scale:           gemmaScale(62),
	},
}

// scaleOf returns the factor of queries times keys.
func (a *architecture) scaleOf(c *Config) float64 {
	if a.scale != nil {
		return a.scale(c)
	}
	return 1 / math.Sqrt(float64(c.HeadDim))
}

func optional(names ...string) map[string]bool {
	m := map[string]bool{}
	for _, n := range names {
		m[n] = false
	}
	return m
}

// gemmaScale returns the scale of Gemma's attention, which GGUF files do not
// hold: only the models of 27 billion weights, known by their layers, divide
// by the root of the width per query head instead of the head's own.
func gemmaScale(layers int) func(c *Config) float64 {
	return func(c *Config) float64 {
		if c.Layers == layers {
			return 1 / math.Sqrt(float64(c.Embedding/c.Heads))
		}
		return 1 / math.Sqrt(float64(c.HeadDim))
	}
}

// absent maps metadata keys (after "<architecture>.") to what they would ask
// for; a value other than 0, false or "none" is refused.
var absent = map[string]string{
	"expert_count":                     "a mixture of experts",
	"attention.clamp_kqv":              "clamped queries, keys and values",
	"attention.max_alibi_bias":         "ALiBi",
	"attention.temperature_scale":      "attention that depends on the position",
	"logit_scale":                      "scaled logits",
	"embedding_scale":                  "scaled embeddings",
	"residual_scale":                   "scaled residuals",
	"rope.scaling.attn_factor":         "rotary factors that depend on the text's length",
	"rope.scaling.yarn_log_multiplier": "YaRN with a multiplied logarithm",
	"use_parallel_residual":            "parallel residuals",
	"attention.key_length_mla":         "multi-head latent attention",
	"attention.layer_norm_epsilon":     "layer normalisation with a mean",
}

// parts says what GGUF files hold that are no models.
var parts = map[string]string{
	"adapter": "merge the adapter into its model, and convert that",
	"mmproj":  "it holds a tower for images or sound: name the language model's file",
	"imatrix": "it holds measurements for quantising: name the model's file",
}

// describe returns the file's architecture after checking that the file asks
// for nothing that the forward pass lacks.
func describe(f *gguf.File) (architecture, error) {
	name := f.Architecture()
	kind, _ := f.String("general.type")
	if next, ok := parts[kind]; ok {
		return architecture{}, fmt.Errorf("%s: general.type is %s: it belongs to a model and is none; %s", f.Path, kind, next)
	}
	a, ok := architectures[name]
	if !ok {
		known := strings.Join(slices.Sorted(maps.Keys(architectures)), ", ")
		return a, fmt.Errorf("%s: architecture %.60q is not supported: %s; supported are: %s", f.Path, name, unsupported.Why(name), known)
	}
	for _, key := range slices.Sorted(maps.Keys(absent)) {
		if set(f, name+"."+key) {
			return a, fmt.Errorf("%s: %s.%s asks for %s, which is not supported", f.Path, name, key, absent[key])
		}
	}
	if causal, ok := f.Bool(name + ".attention.causal"); ok && !causal {
		return a, fmt.Errorf("%s: %s.attention.causal is false: an encoder gives no next token's probability", f.Path, name)
	}
	return a, nil
}

// set reports whether a key is there with a value that means something.
func set(f *gguf.File, key string) bool {
	if v, ok := f.Float(key); ok && v != 0 {
		return true
	}
	if v, ok := f.Int(key); ok && v != 0 {
		return true
	}
	if v, ok := f.Bool(key); ok && v {
		return true
	}
	v, ok := f.String(key)
	return ok && v != "" && v != "none"
}
