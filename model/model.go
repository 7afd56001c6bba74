// Package model runs Llama-family checkpoints: it reads a GGUF file's shape and
// weights, keeps keys and values in shared pages, and computes
// log-probabilities of tokens.
//
// A result is a function of the model, the tokens before it and the mode, to
// the last bit: it does not depend on what else is in the batch, on the number
// of threads, on how a prompt is cut into steps or on where its pages lie.
package model

import (
	"fmt"
	"sync"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/model/checkpoint"
	"github.com/llamaeval/llamaeval/model/gguf"
)

// Options are how a model is computed.
type Options struct {
	Threads int    // 0: one per processor
	Mode    string // Exact, Fast or ""
	ISA     string // instruction set; "": LLAMAEVAL_ISA, else the best one
	Device  string // CPU or "", CUDA or one of its numbers, as in "cuda:1"
	// Notice, if set, is told in a line what a user should know of the device.
	Notice func(string)
	// Watch, if set, stands between the model and its backend, to measure it.
	Watch func(kernels.Backend) kernels.Backend
}

// Modes of arithmetic.
const (
	// Exact: activations, keys, values and sums are float32 and every weight
	// has the value its format defines.
	Exact = "exact"
	// Fast: both factors of the layers' matrix products are rounded to
	// bfloat16; with weights that are k-quants, on a CPU, activations alone
	// are, to bytes. Sums, attention and the output layer are as in Exact.
	Fast = "fast"
)

// A Model is an open checkpoint.
type Model struct {
	file    *gguf.File
	arch    architecture
	config  Config
	backend kernels.Backend
	weights weights
	ropes   []rope // of all layers; or of those without a window, and with one
	fast    bool

	mu       sync.Mutex // one forward pass at a time
	space    workspace
	drawn    [][]float32 // rows of logits for draws, kept
	fewSteps int         // steps of few tokens, see bring
}

// Open opens the checkpoint at path. Weights stay in the mapped file, or in
// memory that takes its place, and keep their type.
func Open(path string, o Options) (*Model, error) {
	if o.Mode != "" && o.Mode != Exact && o.Mode != Fast {
		return nil, fmt.Errorf("mode %q is neither %q nor %q", o.Mode, Exact, Fast)
	}
	backend, err := newBackend(o)
	if err != nil {
		return nil, err
	}
	if o.Watch != nil {
		backend = o.Watch(backend)
	}
	m, err := open(path, backend, o.Mode == Fast)
	if err != nil {
		backend.Close()
		return nil, err
	}
	return m, nil
}

func open(path string, b kernels.Backend, fast bool) (*Model, error) {
	if err := b.Fast(fast); err != nil {
		return nil, err
	}
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	m, err := build(f, b)
	if err != nil {
		f.Close()
		return nil, err
	}
	m.fast = fast
	return m, nil
}

func build(f *gguf.File, b kernels.Backend) (*Model, error) {
	a, err := describe(f)
	if err != nil {
		return nil, err
	}
	c, err := readConfig(f, a)
	if err != nil {
		return nil, err
	}
	w, factors, err := load(f, a, b, &c)
	if err != nil {
		return nil, err
	}
	m := &Model{file: f, arch: a, config: c, backend: b, weights: w}
	m.ropes = []rope{newRope(c.RopeBase, c.RopeDim, c.RopeScaling, factors)}
	if a.localRopeBase > 0 {
		m.ropes = append(m.ropes, newRope(c.LocalRopeBase, c.RopeDim, RopeScaling{}, nil))
	}
	return m, nil
}

// Config returns the model's shape.
func (m *Model) Config() Config { return m.config }

// File returns the open checkpoint, which ends with the model.
func (m *Model) File() *gguf.File { return m.file }

// WeightBytes returns how many bytes of weights a step of one token reads.
func (m *Model) WeightBytes() int64 {
	n := int64(0)
	for _, t := range m.file.Tensors() {
		if m.config.Tied || t.Name != "token_embd.weight" {
			n += int64(len(t.Data))
		}
	}
	return n
}

// ISA returns the instruction set, or the GPU's kind, that computes.
func (m *Model) ISA() string { return m.backend.Name() }

// Close ends the threads and the mapping of the file.
func (m *Model) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.backend.Close()
	if e := m.file.Close(); err == nil {
		err = e
	}
	return err
}
