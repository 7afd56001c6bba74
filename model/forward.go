package model

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/llamaeval/llamaeval/kernels"
)

// Forward computes the segments' tokens: it writes their keys and values into
// their pages and fills in their outputs. Only rows with outputs go through
// the last layer's attention and feed-forward part and the output weight.
//
// The error says which segment is wrong; then nothing has been computed.
func (m *Model) Forward(kv *KV, segs []Segment) error {
	if len(segs) == 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b, err := m.newBatch(kv, segs)
	if err != nil {
		return err
	}
	rows, s := len(b.tokens), &m.space
	m.bring(rows)
	if err := s.fit(m, m.step(rows)); err != nil {
		return err
	}
	m.backend.Embed(s.x, m.weights.embedding, b.tokens, m.embeddingScale())
	for i, a := range s.angles {
		m.backend.Write(a, rows, b.angles[i])
	}
	last := len(m.weights.layers) - 1
	for i := range last {
		m.project(kv, i, b, true)
		m.attention(kv, i, rows, b.spans)
		m.feedForward(i, rows)
	}
	m.project(kv, last, b, false)
	if len(b.outRows) == 0 {
		return nil
	}
	rows = m.only(b.outRows)
	m.multiply(s.h, rows, output{s.q, m.weights.layers[last].q, false})
	m.turn(last, rows, heads{s.q, m.config.Heads, m.weights.layers[last].queryNorm})
	m.attention(kv, last, rows, b.outSpans)
	m.feedForward(last, rows)
	m.backend.Norm(s.h, s.x, rows, m.weights.outputNorm, m.eps())
	if err := m.score(b.outputs); err != nil {
		return err
	}
	return b.deliver()
}

// project normalises the residual stream into h, computes a layer's keys,
// values and, if asked, queries from it, and stores keys and values. The
// queries' rotation comes before: a backend may do all three at once.
func (m *Model) project(kv *KV, i int, b *batch, queries bool) {
	w, s, be, rows := &m.weights.layers[i], &m.space, m.backend, len(b.tokens)
	be.Norm(s.h, s.x, rows, w.attnNorm, m.eps())
	outputs := []output{{s.k, w.k, false}, {s.v, w.v, false}, {s.q, w.q, false}}
	if !queries {
		outputs = outputs[:2]
	}
	m.multiply(s.h, rows, outputs...)
	turned := []heads{{s.k, m.config.KVHeads, w.keyNorm}, {s.q, m.config.Heads, w.queryNorm}}
	m.turn(i, rows, turned[:len(outputs)-1]...)
	be.Store(kv.cache, i, s.k, s.v, b.spans)
}

// heads are those of queries or of keys, with the norm of each or nil.
type heads struct {
	x     kernels.Matrix
	count int
	norm  kernels.Weight
}

// turn gives the heads of a layer's queries and keys their positions.
func (m *Model) turn(i, rows int, all ...heads) {
	for _, h := range all {
		if h.norm != nil {
			m.backend.NormHeads(h.x, rows, h.count, h.norm, m.eps())
		}
	}
	angles := m.space.angles[0]
	if m.config.Windows[i] > 0 {
		angles = m.space.angles[len(m.space.angles)-1]
	}
	for _, h := range all {
		m.backend.Rotate(h.x, rows, h.count, angles, m.arch.halves)
	}
}

// attention adds a layer's attention over the stored keys to the stream.
func (m *Model) attention(kv *KV, i, rows int, spans []kernels.Span) {
	w, s, c := &m.weights.layers[i], &m.space, &m.config
	how := kernels.Attention{Scale: float32(c.Scale), Limit: float32(c.ScoreLimit), Window: c.Windows[i]}
	m.backend.Attend(s.mixed, s.q, kv.cache, i, how, spans)
	m.join(s.mixed, rows, w.attnOutput, w.attnPostNorm)
}

// feedForward adds a layer's gated feed-forward part to the stream.
func (m *Model) feedForward(i, rows int) {
	w, s, be := &m.weights.layers[i], &m.space, m.backend
	be.Norm(s.h, s.x, rows, w.ffnNorm, m.eps())
	m.multiply(s.h, rows, output{s.gate, w.gate, false}, output{s.up, w.up, false})
	if m.arch.gelu {
		be.GeGLU(s.gate, s.gate, s.up, rows)
	} else {
		be.SwiGLU(s.gate, s.gate, s.up, rows)
	}
	m.join(s.gate, rows, w.down, w.ffnPostNorm)
}

// join adds a product of x, normalised where there is a norm, to the stream.
func (m *Model) join(x kernels.Matrix, rows int, w linear, norm kernels.Weight) {
	s := &m.space
	if norm == nil {
		m.multiply(x, rows, output{s.x, w, true})
		return
	}
	m.multiply(x, rows, output{s.h, w, false})
	m.backend.Norm(s.spareH, s.h, rows, norm, m.eps())
	m.backend.Add(s.x, s.spareH, rows)
}

// output is where a product goes.
type output struct {
	dst kernels.Matrix
	linear
	add bool
}

// multiply computes products of x and adds their biases.
func (m *Model) multiply(x kernels.Matrix, rows int, outputs ...output) {
	products := make([]kernels.Product, len(outputs))
	for i, o := range outputs {
		products[i] = kernels.Product{Dst: o.dst, Weight: o.weight, Add: o.add}
	}
	m.backend.Multiply(x, rows, products...)
	for _, o := range outputs {
		if o.bias != nil {
			m.backend.AddBias(o.dst, rows, o.bias)
		}
	}
}

// only keeps some rows of the stream, of h and of the angles, and returns how
// many. All threads gather at once, so the rows go to another matrix.
func (m *Model) only(rows []int) int {
	s := &m.space
	pairs := [][2]*kernels.Matrix{{&s.x, &s.spareX}, {&s.h, &s.spareH}}
	for i := range s.angles {
		pairs = append(pairs, [2]*kernels.Matrix{&s.angles[i], &s.spareAngles[i]})
	}
	for _, pair := range pairs {
		m.backend.Gather(*pair[1], *pair[0], rows)
		*pair[0], *pair[1] = *pair[1], *pair[0]
	}
	return len(rows)
}

// embeddingScale is the factor of embeddings.
func (m *Model) embeddingScale() float32 {
	if m.arch.scaledEmbedding {
		return float32(math.Sqrt(float64(m.config.Embedding)))
	}
	return 1
}

func (m *Model) eps() float32 { return float32(m.config.NormEps) }

// workspace is the activations of one step. It grows to the largest step seen.
type workspace struct {
	rows int

	x, h           kernels.Matrix // [rows][Embedding]: residual stream; its normalised copy
	q, mixed       kernels.Matrix // [rows][Heads·HeadDim]: queries; attention's result
	k, v           kernels.Matrix // [rows][KVHeads·HeadDim]
	gate, up       kernels.Matrix // [rows][FFN]
	spareX, spareH kernels.Matrix // as x and h

	angles, spareAngles []kernels.Matrix // [rows][2·RopeDim], as Model.ropes

	all []kernels.Matrix // of the above, as they were made
}

// RowBytes returns the memory that a step takes for each of its tokens,
// beside the KV cache.
func (m *Model) RowBytes() int {
	c := &m.config
	return 4 * (4*c.Embedding + 2*c.Heads*c.HeadDim + 2*c.KVHeads*c.HeadDim + 2*c.FFN + 2*len(m.ropes)*m.ropes[0].width())
}

// fit makes room for steps of so many rows.
func (s *workspace) fit(m *Model, rows int) error {
	if rows <= s.rows {
		s.assign(len(m.ropes))
		return nil
	}
	if err := s.close(); err != nil {
		return err
	}
	c := &m.config
	cols := []int{
		c.Embedding, c.Embedding, c.Heads * c.HeadDim, c.Heads * c.HeadDim,
		c.KVHeads * c.HeadDim, c.KVHeads * c.HeadDim, c.FFN, c.FFN, c.Embedding, c.Embedding,
	}
	for range 2 {
		for _, r := range m.ropes {
			cols = append(cols, r.width())
		}
	}
	for _, n := range cols {
		x, err := m.backend.NewMatrix(rows, n)
		if err != nil {
			return errors.Join(fmt.Errorf("a step of %d tokens: %w", rows, err), s.close())
		}
		s.all = append(s.all, x)
	}
	s.rows = rows
	s.assign(len(m.ropes))
	return nil
}

// assign gives the matrices their places, which only swaps: so each step has
// them where the one before had them.
func (s *workspace) assign(ropes int) {
	for i, to := range []*kernels.Matrix{&s.x, &s.h, &s.q, &s.mixed, &s.k, &s.v, &s.gate, &s.up, &s.spareX, &s.spareH} {
		*to = s.all[i]
	}
	angles := slices.Clone(s.all[10:])
	s.angles, s.spareAngles = angles[:ropes], angles[ropes:]
}

// close gives all matrices back.
func (s *workspace) close() error {
	var err error
	for _, x := range s.all {
		err = errors.Join(err, x.Close())
	}
	*s = workspace{}
	return err
}
