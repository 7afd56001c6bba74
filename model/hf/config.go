package hf

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/model/unsupported"
)

// config is a config.json as transformers writes it. Pointers tell what is
// absent.
type config struct {
	path string

	ModelType     string   `json:"model_type"`
	Name          string   `json:"_name_or_path"`
	HiddenSize    int      `json:"hidden_size"`
	FFN           int      `json:"intermediate_size"`
	Layers        int      `json:"num_hidden_layers"`
	Heads         int      `json:"num_attention_heads"`
	KVHeads       *int     `json:"num_key_value_heads"`
	HeadDim       *int     `json:"head_dim"`
	Context       int      `json:"max_position_embeddings"`
	Vocab         int      `json:"vocab_size"`
	NormEps       *float64 `json:"rms_norm_eps"`
	Activation    string   `json:"hidden_act"`
	Activation2   string   `json:"hidden_activation"`
	Tied          *bool    `json:"tie_word_embeddings"`
	Window        *int     `json:"sliding_window"`
	UseWindow     *bool    `json:"use_sliding_window"`
	WindowsFrom   *int     `json:"max_window_layers"`
	WindowPattern *int     `json:"sliding_window_pattern"`
	LayerTypes    []string `json:"layer_types"`
	AttentionCap  *float64 `json:"attn_logit_softcapping"`
	FinalCap      *float64 `json:"final_logit_softcapping"`
	QueryScalar   *float64 `json:"query_pre_attn_scalar"`
	PartialRotary *float64 `json:"partial_rotary_factor"`

	RopeTheta      *float64 `json:"rope_theta"`
	LocalTheta     *float64 `json:"rope_local_base_freq"`
	RopeScaling    *rope    `json:"rope_scaling"`
	RopeParameters *rope    `json:"rope_parameters"` // both of the former, since transformers 5

	BOS json.RawMessage `json:"bos_token_id"`
	EOS json.RawMessage `json:"eos_token_id"`

	Quantization *quantization `json:"quantization_config"`
}

// quantization says how weights other than floats are stored.
type quantization struct {
	Method string `json:"quant_method"`
	Format string `json:"format"`
	Block  []int  `json:"weight_block_size"`
}

// A family says how checkpoints of a model type become those of a GGUF
// architecture.
type family struct {
	architecture string
	// paired: rows of queries and keys are stored for rotary pairs (2i, 2i+1)
	// in GGUF files, for (i, i+n/2) by transformers.
	paired     bool
	sandwich   bool   // norms before and after each part of a layer
	normPlus1  bool   // norms are stored less 1
	activation string // what the forward pass has
	headDim    int    // where the file does not say; 0: the width of a head's share
	tied       bool   // where the file does not say
	// windows returns which layers have a window where the file has
	// sliding_window and does not say; nil: none has.
	windows func(c *config) ([]bool, error)
}

const maxConfig = 16 << 20 // bytes of a JSON file

// families is indexed by model_type.
var families = map[string]family{
	"llama":       {architecture: "llama", paired: true, activation: "silu"},
	"mistral":     {architecture: "llama", paired: true, activation: "silu", windows: everywhere},
	"qwen2":       {architecture: "qwen2", activation: "silu", windows: above},
	"qwen3":       {architecture: "qwen3", activation: "silu", windows: above, headDim: 128},
	"ernie4_5":    {architecture: "ernie4_5", activation: "silu", headDim: 128, tied: true},
	"phi3":        {architecture: "phi3", activation: "silu", windows: everywhere},
	"gemma":       {architecture: "gemma", activation: "gelu_pytorch_tanh", normPlus1: true, headDim: 256, tied: true},
	"gemma2":      {architecture: "gemma2", activation: "gelu_pytorch_tanh", normPlus1: true, sandwich: true, windows: butEvery(2), headDim: 256, tied: true},
	"gemma3_text": {architecture: "gemma3", activation: "gelu_pytorch_tanh", normPlus1: true, sandwich: true, windows: butEvery(6), headDim: 256, tied: true},
}

func readConfig(dir string) (config, family, error) {
	c := config{path: filepath.Join(dir, "config.json")}
	if err := readJSON(c.path, &c); err != nil {
		return c, family{}, err
	}
	f, ok := families[c.ModelType]
	if !ok {
		return c, f, fmt.Errorf("%s: model_type %.60q is not supported: %s; supported are: %s",
			c.path, c.ModelType, unsupported.Why(c.ModelType), strings.Join(slices.Sorted(maps.Keys(families)), ", "))
	}
	return c, f, c.check(f)
}

// check refuses what the forward pass would leave out.
func (c *config) check(f family) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s", c.path, fmt.Sprintf(format, args...))
	}
	if c.KVHeads == nil {
		c.KVHeads = &c.Heads
	}
	if c.NormEps == nil {
		eps := 1e-6 // transformers' default
		c.NormEps = &eps
	}
	const most = 1 << 24
	for name, n := range map[string]int{
		"hidden_size": c.HiddenSize, "intermediate_size": c.FFN, "num_hidden_layers": c.Layers,
		"num_attention_heads": c.Heads, "num_key_value_heads": *c.KVHeads, "vocab_size": c.Vocab,
		"max_position_embeddings": c.Context,
	} {
		if n < 1 || n > most {
			return fail("%s is %d or missing, want 1 to %d", name, n, most)
		}
	}
	if c.HeadDim == nil {
		n := f.headDim
		if n == 0 {
			n = c.HiddenSize / c.Heads
		}
		c.HeadDim = &n
	}
	if *c.HeadDim < 1 || *c.HeadDim > most {
		return fail("head_dim is %d", *c.HeadDim)
	}
	act := c.Activation
	if c.Activation2 != "" {
		act = c.Activation2
	}
	if c.ModelType == "gemma" && (act == "" || act == "gelu") {
		act = f.activation // what transformers makes of it
	}
	if act != "" && act != f.activation && !(act == "swish" && f.activation == "silu") {
		return fail("hidden_act %.40q is not supported for %s, only %s", act, c.ModelType, f.activation)
	}
	if part := c.partialRotary(); !(part > 0 && part <= 1) {
		return fail("partial_rotary_factor is %v, want more than 0 and at most 1", part)
	}
	if n := c.rotary(); n < 2 || n%2 != 0 {
		return fail("%d elements of a head of %d turn, which are no pairs", n, *c.HeadDim)
	}
	return nil
}

// metadata are the entries of a GGUF file of this shape.
func (c *config) metadata(f family) (*gguf.Metadata, error) {
	m := &gguf.Metadata{}
	m.Set("general.architecture", f.architecture)
	if name := c.name(); name != "" {
		m.Set("general.name", name)
	}
	set := func(key string, v any) { m.Set(f.architecture+"."+key, v) }
	set("block_count", uint32(c.Layers))
	set("context_length", uint32(c.Context))
	set("embedding_length", uint32(c.HiddenSize))
	set("feed_forward_length", uint32(c.FFN))
	set("vocab_size", uint32(c.Vocab))
	set("attention.head_count", uint32(c.Heads))
	set("attention.head_count_kv", uint32(*c.KVHeads))
	set("attention.key_length", uint32(*c.HeadDim))
	set("attention.value_length", uint32(*c.HeadDim))
	set("attention.layer_norm_rms_epsilon", float32(*c.NormEps))
	set("rope.dimension_count", uint32(c.rotary()))
	if err := c.windowMetadata(f, set); err != nil {
		return nil, err
	}
	if c.AttentionCap != nil {
		set("attn_logit_softcapping", float32(*c.AttentionCap))
	}
	if c.FinalCap != nil {
		set("final_logit_softcapping", float32(*c.FinalCap))
	}
	if c.QueryScalar != nil && *c.QueryScalar > 0 {
		set("attention.scale", float32(1/math.Sqrt(*c.QueryScalar)))
	}
	return m, c.ropeMetadata(set)
}

// name is what the checkpoint was called where it was made, or its folder.
func (c *config) name() string {
	if c.Name != "" && !strings.HasPrefix(c.Name, ".") && !filepath.IsAbs(c.Name) {
		return c.Name[strings.LastIndexAny(c.Name, `/\`)+1:]
	}
	if abs, err := filepath.Abs(filepath.Dir(c.path)); err == nil {
		return folderName(abs)
	}
	return ""
}

func (c *config) tied(f family) bool {
	if c.Tied != nil {
		return *c.Tied
	}
	return f.tied
}
