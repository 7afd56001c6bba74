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
	RopeDim       int     // leading elements of a head that turn
	RopeScale     float64 // positions are divided by this; 1 without scaling
	NormEps       float64
	Tied          bool           // the output weight is the embedding's
	Types         map[string]int // tensors by type
}

// Limits on what a file may claim, far above any model and low enough that
// products of two fit an int.
const maxDimension = 1 << 24

// readConfig takes the shape from the metadata; load checks it against the
// tensors.
func readConfig(f *gguf.File) (Config, error) {
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
	c.RopeScale = m.ropeScale()
	if m.err != nil {
		return c, m.err
	}
	switch {
	case c.Heads%c.KVHeads != 0:
		return c, fmt.Errorf("%s: %d query heads cannot share %d key-value heads evenly", f.Path, c.Heads, c.KVHeads)
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

// ropeScale returns the factor of linear position scaling. Other kinds change
// the frequencies in ways that this forward pass lacks.
func (m *metadata) ropeScale() float64 {
	kind, _ := m.f.String(m.prefix + "rope.scaling.type")
	switch kind {
	case "", "none":
		return m.number("rope.scale_linear", 1) // how older files say it
	case "linear":
		return m.number("rope.scaling.factor", 0)
	}
	m.fail("rope.scaling.type", "is %q; only none and linear are supported", kind)
	return 1
}
