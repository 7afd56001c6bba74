package model

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/model/gguf"
)

// An architecture says how a family of checkpoints differs from Llama as
// forward.go computes it (Touvron et al., "LLaMA", 2023, with grouped queries,
// Ainslie et al., 2023). Adding a family means adding an entry here, and a
// field for whatever no other family has.
type architecture struct {
	// absent maps metadata keys (after "<architecture>.") to what they would
	// ask for; a value other than 0, false or "none" is refused.
	absent map[string]string
	// tensors matches every tensor that the forward pass knows. Another one
	// would be left out of the computation in silence, so it is refused.
	tensors *regexp.Regexp
}

// architectures is indexed by general.architecture. In "llama" files rows of
// attn_q and attn_k are stored for rotary pairs (2i, 2i+1).
var architectures = map[string]architecture{
	"llama": {
		absent: map[string]string{
			"expert_count":                 "a mixture of experts",
			"attention.sliding_window":     "sliding-window attention",
			"attention.scale":              "an attention scale of its own",
			"attention.clamp_kqv":          "clamped queries, keys and values",
			"attention.max_alibi_bias":     "ALiBi",
			"logit_scale":                  "scaled logits",
			"embedding_scale":              "scaled embeddings",
			"residual_scale":               "scaled residuals",
			"rope.scaling.attn_factor":     "scaled rotary attention",
			"use_parallel_residual":        "parallel residuals",
			"attention.key_length_mla":     "multi-head latent attention",
			"attention.layer_norm_epsilon": "layer normalisation with a mean",
		},
		tensors: regexp.MustCompile(`^(token_embd|output|output_norm|rope_freqs)\.weight$|` +
			`^blk\.[0-9]+\.(attn_norm|attn_q|attn_k|attn_v|attn_output|ffn_norm|ffn_gate|ffn_up|ffn_down)\.weight$`),
	},
}

// describe returns the file's architecture after checking that the file asks
// for nothing that the forward pass lacks.
func describe(f *gguf.File) (architecture, error) {
	name := f.Architecture()
	a, ok := architectures[name]
	if !ok {
		known := strings.Join(slices.Sorted(maps.Keys(architectures)), ", ")
		return a, fmt.Errorf("%s: architecture %q is not supported; supported are: %s", f.Path, name, known)
	}
	for _, key := range slices.Sorted(maps.Keys(a.absent)) {
		if set(f, name+"."+key) {
			return a, fmt.Errorf("%s: %s.%s asks for %s, which is not supported", f.Path, name, key, a.absent[key])
		}
	}
	for _, t := range f.Tensors() {
		if !a.tensors.MatchString(t.Name) {
			return a, fmt.Errorf("%s: tensor %s is no part of architecture %s as supported here; its effect would be lost", f.Path, t.Name, name)
		}
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
