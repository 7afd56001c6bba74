package hf

import (
	"regexp"
	"strings"
)

// global and inLayer map the names of transformers' modules to those of GGUF
// files (TensorNameMap of the gguf package). Each may have a weight and a bias.
var (
	global = map[string]string{
		"model.embed_tokens": "token_embd",
		"model.norm":         "output_norm",
		"lm_head":            "output",
	}
	inLayer = map[string]string{
		"input_layernorm":          "attn_norm",
		"self_attn.q_proj":         "attn_q",
		"self_attn.k_proj":         "attn_k",
		"self_attn.v_proj":         "attn_v",
		"self_attn.qkv_proj":       "attn_qkv",
		"self_attn.o_proj":         "attn_output",
		"self_attn.q_norm":         "attn_q_norm",
		"self_attn.k_norm":         "attn_k_norm",
		"post_attention_layernorm": "ffn_norm",
		"mlp.gate_proj":            "ffn_gate",
		"mlp.up_proj":              "ffn_up",
		"mlp.gate_up_proj":         "ffn_up", // the gate's rows first
		"mlp.down_proj":            "ffn_down",
	}
	// Layers with norms on both sides of each part use one name differently.
	inSandwich = map[string]string{
		"post_attention_layernorm":   "post_attention_norm",
		"pre_feedforward_layernorm":  "ffn_norm",
		"post_feedforward_layernorm": "post_ffw_norm",
	}
)

// unused are tensors of older checkpoints that are computed, not read, and
// scales of activations, which stay float32 here.
var unused = regexp.MustCompile(`\.(rotary_emb\.inv_freq|attention\.(masked_)?bias|input_scale|activation_scale)$`)

var layerName = regexp.MustCompile(`^model\.layers\.([0-9]+)\.(.+)$`)

// ggufName returns the name that a tensor has in a GGUF file.
func ggufName(name string, sandwich bool) (string, bool) {
	cut := strings.LastIndexByte(name, '.')
	if cut < 0 {
		return "", false
	}
	module, kind := name[:cut], name[cut:]
	if kind != ".weight" && kind != ".bias" {
		return "", false
	}
	if to, ok := global[module]; ok {
		return to + kind, true
	}
	m := layerName.FindStringSubmatch(module)
	if m == nil {
		return "", false
	}
	to, ok := inLayer[m[2]]
	if other, differs := inSandwich[m[2]]; sandwich && differs {
		to, ok = other, true
	}
	return "blk." + m[1] + "." + to + kind, ok
}
