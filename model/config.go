package model

import (
	"fmt"
	"math"

	"github.com/llamaeval/llamaeval/model/gguf"
)

// Config is the shape of a model.
type Config struct {
	Architecture  string
	Name          string // general.name, may be empty
	Parameters    int64  // weights in the file
	Layers        int
	Heads         int // query heads
	KVHeads       int // key-value heads; divides Heads
	HeadDim       int
	Embedding     int // width of the residual stream
	FFN           int // width of the feed-forward layer
	Vocab         int
	ContextLength int
	RopeBase      float64
	LocalRopeBase float64 // of layers with a window; 0: as in the others
	RopeDim       int     // leading elements of a head that turn
	RopeScaling   RopeScaling
	NormEps       float64
	Scale         float64        // of queries times keys
	ScoreLimit    float64        // attention's scaled scores s become limit·tanh(s/limit); 0: they stay
	LogitLimit    float64        // the same of logits
	Windows       []int          // by layer: positions a query sees, its own the last; 0: all
	Tied          bool           // the output weight is the embedding's
	Types         map[string]int // tensors by type
}

// Unseen returns how many pages from the first on lie before all layers'
// windows for a query at that position, and so for all later ones.
func (c *Config) Unseen(position int) int {
	reach := 0
	for _, w := range c.Windows {
		if w == 0 {
			return 0
		}
		reach = max(reach, w)
	}
	if reach == 0 { // no layers
		return 0
	}
	return max(0, position-reach+1) / PageTokens
}

// Limits on what a file may claim, far above any model and low enough that
// products of two fit an int.
const (
	maxDimension = 1 << 24
	maxLayers    = 1 << 16
)

// readConfig takes the shape from the metadata; load checks it against the
// tensors.
func readConfig(f *gguf.File, a architecture) (Config, error) {
	m := metadata{f: f, prefix: f.Architecture() + "."}
	c := Config{
		Architecture:  f.Architecture(),
		Layers:        m.count("block_count", 0),
		Heads:         m.count("attention.head_count", 0),
		Embedding:     m.count("embedding_length", 0),
		FFN:           m.count("feed_forward_length", 0),
		ContextLength: m.count("context_length", 0),
		RopeBase:      m.number("rope.freq_base", 10000),
		NormEps:       m.number("attention.layer_norm_rms_epsilon", 0),
		Types:         map[string]int{},
	}
	if a.localRopeBase > 0 {
		c.LocalRopeBase = m.number("rope.freq_base_swa", a.localRopeBase)
	}
	c.Name, _ = f.String("general.name")
	c.KVHeads = m.count("attention.head_count_kv", c.Heads)
	if m.err != nil {
		return c, m.err
	}
	c.HeadDim = m.count("attention.key_length", c.Embedding/c.Heads)
	if v := m.count("attention.value_length", c.HeadDim); v != c.HeadDim && m.err == nil {
		return c, fmt.Errorf("%s: values of %d elements beside keys of %d are not supported", f.Path, v, c.HeadDim)
	}
	c.RopeDim = m.count("rope.dimension_count", c.HeadDim)
	c.RopeScaling = m.ropeScaling()
	c.Scale = m.number("attention.scale", a.scaleOf(&c))
	c.ScoreLimit = m.optional("attn_logit_softcapping")
	c.LogitLimit = m.optional("final_logit_softcapping")
	c.Windows = m.windows(c.Layers, a.globalEvery)
	if m.err != nil {
		return c, m.err
	}
	switch {
	case c.Heads%c.KVHeads != 0:
		return c, fmt.Errorf("%s: %d query heads cannot share %d key-value heads evenly", f.Path, c.Heads, c.KVHeads)
	case c.Layers > maxLayers:
		return c, fmt.Errorf("%s: claims %d layers, at most %d are possible", f.Path, c.Layers, maxLayers)
	case c.RopeDim%2 != 0 || c.RopeDim > c.HeadDim:
		return c, fmt.Errorf("%s: %d rotary elements do not fit heads of %d", f.Path, c.RopeDim, c.HeadDim)
	}
	for _, t := range f.Tensors() {
		c.Types[t.Type.String()]++
		c.Parameters += int64(t.Elements())
	}
	return c, nil
}

// metadata reads keys of one architecture and keeps the first error.
type metadata struct {
	f      *gguf.File
	prefix string
	err    error
}

func (m *metadata) fail(key, format string, args ...any) {
	if m.err == nil {
		m.err = fmt.Errorf("%s: metadata %s%s %s", m.f.Path, m.prefix, key, fmt.Sprintf(format, args...))
	}
}

// count returns a positive whole number; an absent key is an error where
// otherwise is 0.
func (m *metadata) count(key string, otherwise int) int {
	v, ok := m.f.Uint(m.prefix + key)
	switch {
	case !ok && otherwise > 0:
		return otherwise
	case !ok:
		m.fail(key, "is missing or no whole number")
		return 1
	case v == 0 || v > maxDimension:
		m.fail(key, "is %d, want 1 to %d", v, maxDimension)
		return 1
	}
	return int(v)
}

// number returns a positive number; an absent key is an error where otherwise
// is 0.
func (m *metadata) number(key string, otherwise float64) float64 {
	v, ok := m.f.Float(m.prefix + key)
	switch {
	case !ok && otherwise > 0:
		return otherwise
	case !ok:
		m.fail(key, "is missing or no number")
	case !(v > 0) || math.IsInf(v, 0):
		m.fail(key, "is %v, want a positive number", v)
	}
	return v
}

// optional returns a number, or 0 where the key is absent.
func (m *metadata) optional(key string) float64 {
	if v, ok := m.f.Float(m.prefix + key); !ok || v == 0 {
		return 0
	}
	return m.number(key, 0)
}

// windows returns how many positions each layer's queries see, 0 for all.
// Where there is a window, of so many layers the last has none; 0: all have;
// a file may say another number, or which ones.
func (m *metadata) windows(layers, globalEvery int) []int {
	const pattern = "attention.sliding_window_pattern"
	out := make([]int, min(layers, maxLayers))
	if !set(m.f, m.prefix+"attention.sliding_window") {
		return out
	}
	window := m.count("attention.sliding_window", 0)
	if n, ok := m.f.Uint(m.prefix + pattern); ok && n <= maxDimension {
		globalEvery = int(n)
	}
	which, listed := m.f.Bools(m.prefix + pattern)
	if numbers, ok := m.f.Ints(m.prefix + pattern); ok {
		listed = true
		for _, n := range numbers {
			which = append(which, n != 0)
		}
	}
	if listed && len(which) != layers {
		m.fail(pattern, "names %d layers, there are %d", len(which), layers)
		return out
	}
	for i := range out {
		if listed && which[i] || !listed && (globalEvery == 0 || (i+1)%globalEvery != 0) {
			out[i] = window
		}
	}
	return out
}

// ropeScaling returns how rotary angles are stretched. Kinds that are not
// known change them in ways that this forward pass lacks.
func (m *metadata) ropeScaling() RopeScaling {
	kind, _ := m.f.String(m.prefix + "rope.scaling.type")
	switch kind {
	case "", "none":
		if m.optional("rope.scale_linear") > 0 { // how older files say it
			return RopeScaling{Kind: "linear", Factor: m.number("rope.scale_linear", 1)}
		}
		return RopeScaling{}
	case "linear":
		return RopeScaling{Kind: kind, Factor: m.number("rope.scaling.factor", 0)}
	case "yarn":
		if v := m.optional("rope.scaling.yarn_ext_factor"); v != 0 && v != 1 {
			m.fail("rope.scaling.yarn_ext_factor", "is %v; only 1 is supported", v)
		}
		return RopeScaling{
			Kind: kind, Factor: m.number("rope.scaling.factor", 0),
			Context:   m.count("rope.scaling.original_context_length", 0),
			Magnitude: m.optional("rope.scaling.yarn_attn_factor"),
			BetaFast:  m.number("rope.scaling.yarn_beta_fast", 32),
			BetaSlow:  m.number("rope.scaling.yarn_beta_slow", 1),
		}
	case "longrope":
		m.fail("rope.scaling.type", "is longrope, whose angles depend on the whole text's length: a prompt's score would depend on what follows it")
	default:
		m.fail("rope.scaling.type", "is %q; only none, linear and yarn are supported", kind)
	}
	return RopeScaling{}
}
