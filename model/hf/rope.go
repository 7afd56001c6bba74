package hf

import (
	"fmt"
	"math"

	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model/gguf"
)

// rope is rope_scaling or rope_parameters of a config.json (transformers,
// modeling_rope_utils).
type rope struct {
	Type       string   `json:"rope_type"`
	OldType    string   `json:"type"`
	Theta      *float64 `json:"rope_theta"`
	Factor     float64  `json:"factor"`
	Original   int      `json:"original_max_position_embeddings"`
	LowFactor  float64  `json:"low_freq_factor"`
	HighFactor float64  `json:"high_freq_factor"`
	Attention  *float64 `json:"attention_factor"`
	BetaFast   *float64 `json:"beta_fast"`
	BetaSlow   *float64 `json:"beta_slow"`
}

// scaling returns the kind of scaling, "default" without one, and the base.
func (c *config) scaling() (kind string, r rope, base float64) {
	base = 10000
	if c.RopeTheta != nil {
		base = *c.RopeTheta
	}
	for _, p := range []*rope{c.RopeScaling, c.RopeParameters} {
		if p == nil {
			continue
		}
		r = *p
		if r.Theta != nil {
			base = *r.Theta
		}
	}
	kind = r.Type
	if kind == "" {
		kind = r.OldType
	}
	if kind == "" {
		kind = "default"
	}
	return kind, r, base
}

func (c *config) ropeMetadata(set func(string, any)) error {
	kind, r, base := c.scaling()
	if !(base > 0) || math.IsInf(base, 0) {
		return fmt.Errorf("%s: rope_theta is %v, want a positive number", c.path, base)
	}
	set("rope.freq_base", float32(base))
	if kind == "default" {
		return nil
	}
	if !(r.Factor >= 1) {
		return fmt.Errorf("%s: rope factor is %v, want 1 or more", c.path, r.Factor)
	}
	switch kind {
	case "llama3": // becomes a tensor, see ropeFactors
		return nil
	case "linear":
		set("rope.scaling.type", "linear")
		set("rope.scaling.factor", float32(r.Factor))
		return nil
	case "yarn":
		c.yarn(r, set)
		return nil
	}
	return fmt.Errorf("%s: rope_type %.40q is not supported, only default, linear, llama3 and yarn", c.path, kind)
}

// yarn: files name what differs from the defaults of Peng et al., "YaRN", 2023.
// In a GGUF file the factor on rotated vectors comes on top of 0.1·ln(s)+1.
func (c *config) yarn(r rope, set func(string, any)) {
	original := r.Original
	if original == 0 {
		original = c.Context
	}
	set("rope.scaling.type", "yarn")
	set("rope.scaling.factor", float32(r.Factor))
	set("rope.scaling.original_context_length", uint32(original))
	if r.Attention != nil {
		set("rope.scaling.yarn_attn_factor", float32(*r.Attention/(0.1*math.Log(r.Factor)+1)))
	}
	if r.BetaFast != nil {
		set("rope.scaling.yarn_beta_fast", float32(*r.BetaFast))
	}
	if r.BetaSlow != nil {
		set("rope.scaling.yarn_beta_slow", float32(*r.BetaSlow))
	}
}

// ropeFactors returns the divisors of the rotary frequencies as GGUF files hold
// them, for rope_type llama3 (Llama 3.1): long waves are stretched by factor,
// short ones stay, those between are interpolated.
func (c *config) ropeFactors() ([]gguf.Tensor, error) {
	kind, r, base := c.scaling()
	if kind != "llama3" {
		return nil, nil
	}
	if !(r.LowFactor > 0) || !(r.HighFactor > r.LowFactor) || r.Original < 1 {
		return nil, fmt.Errorf("%s: rope_type llama3 needs 0 < low_freq_factor < high_freq_factor and original_max_position_embeddings", c.path)
	}
	n := *c.HeadDim / 2
	factors := make([]float32, n)
	for i := range factors {
		turns := float64(r.Original) * math.Pow(base, -float64(2*i)/float64(*c.HeadDim)) / (2 * math.Pi)
		smooth := (turns - r.LowFactor) / (r.HighFactor - r.LowFactor)
		smooth = min(max(smooth, 0), 1)
		factors[i] = float32(1 / ((1-smooth)/r.Factor + smooth))
	}
	data, err := quant.Quantize(nil, quant.F32, factors)
	if err != nil {
		return nil, err
	}
	return []gguf.Tensor{{Name: "rope_freqs.weight", Type: quant.F32, Shape: []int{n}, Data: data}}, nil
}
