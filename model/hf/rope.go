package hf

import (
	"fmt"
	"math"

	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/kernels/ref"
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
	MScale     float64  `json:"mscale"`
	MScaleAll  float64  `json:"mscale_all_dim"`
	Truncate   *bool    `json:"truncate"`
	Partial    *float64 `json:"partial_rotary_factor"`

	// In place of all these, where layers of both kinds differ:
	Full    *rope `json:"full_attention"`
	Sliding *rope `json:"sliding_attention"`
}

// scaling returns how angles are stretched, with the base and the kind filled
// in: "default" without any.
func (c *config) scaling() rope {
	r := rope{}
	base := c.RopeTheta
	for _, p := range []*rope{c.RopeScaling, c.RopeParameters} {
		if p != nil && p.Full != nil { // by the layers' kind; see localBase
			p = p.Full
		}
		if p != nil {
			r = *p
		}
		if p != nil && p.Theta != nil {
			base = p.Theta
		}
	}
	if base == nil {
		theta := 10000.0
		if c.ModelType == "gemma3_text" {
			theta = 1e6
		}
		base = &theta
	}
	r.Theta = base
	if r.Type == "" {
		r.Type = r.OldType
	}
	if r.Type == "" {
		r.Type = "default"
	}
	return r
}

// localBase returns the base of layers with a window, where it has a name.
func (c *config) localBase() *float64 {
	if p := c.RopeParameters; p != nil && p.Sliding != nil {
		return p.Sliding.Theta
	}
	return c.LocalTheta
}

// partialRotary is the share of a head that turns.
func (c *config) partialRotary() float64 {
	if p := c.scaling().Partial; p != nil {
		return *p
	}
	if c.PartialRotary != nil {
		return *c.PartialRotary
	}
	return 1
}

// rotary is how many elements of a head turn.
func (c *config) rotary() int { return int(float64(*c.HeadDim) * c.partialRotary()) }

func (c *config) ropeMetadata(set func(string, any)) error {
	r := c.scaling()
	if base := *r.Theta; !(base > 0) || math.IsInf(base, 0) {
		return fmt.Errorf("%s: rope_theta is %v, want a positive number", c.path, base)
	}
	set("rope.freq_base", float32(*r.Theta))
	if local := c.localBase(); local != nil {
		set("rope.freq_base_swa", float32(*local))
	}
	if p := c.RopeParameters; p != nil && p.Sliding != nil && p.Sliding.Type != "" && p.Sliding.Type != "default" {
		return fmt.Errorf("%s: rope_type %.40q of layers with a window is not supported, only default", c.path, p.Sliding.Type)
	}
	switch r.Type {
	case "default":
		return nil
	case "longrope", "su":
		return fmt.Errorf("%s: rope_type %s is not supported: its angles depend on the whole text's length, so a prompt's score would depend on what follows it", c.path, r.Type)
	}
	if !(r.Factor >= 1) {
		return fmt.Errorf("%s: rope factor is %v, want 1 or more", c.path, r.Factor)
	}
	switch r.Type {
	case "llama3": // becomes a tensor, see ropeFactors
		return nil
	case "linear":
		set("rope.scaling.type", "linear")
		set("rope.scaling.factor", float32(r.Factor))
		return nil
	case "yarn":
		return c.yarn(r, set)
	}
	return fmt.Errorf("%s: rope_type %.40q is not supported, only default, linear, llama3 and yarn", c.path, r.Type)
}

// yarn: files name what differs from the defaults of Peng et al., "YaRN", 2023.
func (c *config) yarn(r rope, set func(string, any)) error {
	if r.Truncate != nil && !*r.Truncate {
		return fmt.Errorf("%s: YaRN with truncate false is not supported", c.path)
	}
	original := r.Original
	if original == 0 {
		original = c.Context
	}
	set("rope.scaling.type", "yarn")
	set("rope.scaling.factor", float32(r.Factor))
	set("rope.scaling.original_context_length", uint32(original))
	magnitude := func(m float64) float64 { return float64(0.1*m*ref.Log64(r.Factor)) + 1 }
	switch {
	case r.Attention != nil:
		set("rope.scaling.yarn_attn_factor", float32(*r.Attention))
	case r.MScale != 0 && r.MScaleAll != 0:
		set("rope.scaling.yarn_attn_factor", float32(magnitude(r.MScale)/magnitude(r.MScaleAll)))
	}
	if r.BetaFast != nil {
		set("rope.scaling.yarn_beta_fast", float32(*r.BetaFast))
	}
	if r.BetaSlow != nil {
		set("rope.scaling.yarn_beta_slow", float32(*r.BetaSlow))
	}
	return nil
}

// ropeFactors returns the divisors of the rotary frequencies as GGUF files hold
// them, for rope_type llama3 (Llama 3.1): long waves are stretched by factor,
// short ones stay, those between are interpolated. In float32, as llama.cpp's
// converter computes them, so that both give the same bits.
func (c *config) ropeFactors() ([]gguf.Tensor, error) {
	r := c.scaling()
	if r.Type != "llama3" {
		return nil, nil
	}
	if !(r.LowFactor > 0) || !(r.HighFactor > r.LowFactor) || r.Original < 1 {
		return nil, fmt.Errorf("%s: rope_type llama3 needs 0 < low_freq_factor < high_freq_factor and original_max_position_embeddings", c.path)
	}
	n := c.rotary() / 2
	factors := make([]float32, n)
	for i := range factors {
		exponent := float32(2*i) / float32(2*n)
		power := float32(ref.Exp64(float64(float64(exponent) * ref.Log64(*r.Theta))))
		wave := 1 / (1 / power) * float32(2*math.Pi) // torch divides a number by multiplying with the inverse
		smooth := (float32(1/wave*float32(r.Original)) - float32(r.LowFactor)) / float32(r.HighFactor-r.LowFactor)
		smooth = min(max(smooth, 0), 1)
		factors[i] = 1 / (float32((1-smooth)/float32(r.Factor)) + smooth)
	}
	data, err := quant.Quantize(nil, quant.F32, factors)
	if err != nil {
		return nil, err
	}
	return []gguf.Tensor{{Name: "rope_freqs.weight", Type: quant.F32, Shape: []int{n}, Data: data}}, nil
}
