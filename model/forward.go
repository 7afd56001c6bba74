package model

import "github.com/llamaeval/llamaeval/kernels"

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
	s.fit(m, rows)
	m.backend.Embed(s.x, m.weights.embedding, b.tokens)
	m.backend.Write(s.angles, rows, b.angles)
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
	m.backend.Multiply(s.h, rows, kernels.Product{Dst: s.q, Weight: m.weights.layers[last].q})
	m.attention(kv, last, rows, b.outSpans)
	m.feedForward(last, rows)
	m.backend.Norm(s.h, s.x, rows, m.weights.outputNorm, m.eps())
	if err := m.backend.Score(s.h, m.weights.output, b.outputs); err != nil {
		return err
	}
	return b.deliver()
}

// project normalises the residual stream into h, computes a layer's keys,
// values and, if asked, queries from it, and stores keys and values.
func (m *Model) project(kv *KV, i int, b *batch, queries bool) {
	w, s, be, rows := &m.weights.layers[i], &m.space, m.backend, len(b.tokens)
	be.Norm(s.h, s.x, rows, w.attnNorm, m.eps())
	products := []kernels.Product{{Dst: s.k, Weight: w.k}, {Dst: s.v, Weight: w.v}, {Dst: s.q, Weight: w.q}}
	if !queries {
		products = products[:2]
	}
	be.Multiply(s.h, rows, products...)
	be.Rotate(s.k, rows, m.config.KVHeads, s.angles)
	be.Store(kv.cache, i, s.k, s.v, b.spans)
}

// attention adds a layer's attention over the stored keys to the stream.
func (m *Model) attention(kv *KV, i, rows int, spans []kernels.Span) {
	w, s, be := &m.weights.layers[i], &m.space, m.backend
	be.Rotate(s.q, rows, m.config.Heads, s.angles)
	be.Attend(s.mixed, s.q, kv.cache, i, spans)
	be.Multiply(s.mixed, rows, kernels.Product{Dst: s.x, Weight: w.attnOutput, Add: true})
}

// feedForward adds a layer's gated feed-forward part to the stream.
func (m *Model) feedForward(i, rows int) {
	w, s, be := &m.weights.layers[i], &m.space, m.backend
	be.Norm(s.h, s.x, rows, w.ffnNorm, m.eps())
	be.Multiply(s.h, rows, kernels.Product{Dst: s.gate, Weight: w.gate}, kernels.Product{Dst: s.up, Weight: w.up})
	be.SwiGLU(s.gate, s.gate, s.up, rows)
	be.Multiply(s.gate, rows, kernels.Product{Dst: s.x, Weight: w.down, Add: true})
}

// only keeps some rows of the stream, of h and of the angles, and returns how
// many. All threads gather at once, so the rows go to another matrix.
func (m *Model) only(rows []int) int {
	s := &m.space
	for _, pair := range [][2]*kernels.Matrix{{&s.x, &s.spareX}, {&s.h, &s.spareH}, {&s.angles, &s.spareAngles}} {
		m.backend.Gather(*pair[1], *pair[0], rows)
		*pair[0], *pair[1] = *pair[1], *pair[0]
	}
	return len(rows)
}

func (m *Model) eps() float32 { return float32(m.config.NormEps) }

// workspace is the activations of one step. It grows to the largest step seen.
type workspace struct {
	rows int

	x, h           kernels.Matrix // [rows][Embedding]: residual stream; its normalised copy
	q, mixed       kernels.Matrix // [rows][Heads·HeadDim]: queries; attention's result
	k, v           kernels.Matrix // [rows][KVHeads·HeadDim]
	gate, up       kernels.Matrix // [rows][FFN]
	angles         kernels.Matrix // [rows][2·RopeDim]
	spareX, spareH kernels.Matrix // as x and h
	spareAngles    kernels.Matrix
}

// RowBytes returns the memory that a step takes for each of its tokens,
// beside the KV cache.
func (m *Model) RowBytes() int {
	c := &m.config
	return 4 * (4*c.Embedding + 2*c.Heads*c.HeadDim + 2*c.KVHeads*c.HeadDim + 2*c.FFN + 2*m.rope.width())
}

func (s *workspace) fit(m *Model, rows int) {
	if rows <= s.rows {
		return
	}
	c := &m.config
	matrix := func(cols int) kernels.Matrix { return m.backend.NewMatrix(rows, cols) }
	*s = workspace{
		rows: rows,
		x:    matrix(c.Embedding), h: matrix(c.Embedding),
		q: matrix(c.Heads * c.HeadDim), mixed: matrix(c.Heads * c.HeadDim),
		k: matrix(c.KVHeads * c.HeadDim), v: matrix(c.KVHeads * c.HeadDim),
		gate: matrix(c.FFN), up: matrix(c.FFN),
		angles: matrix(m.rope.width()),
		spareX: matrix(c.Embedding), spareH: matrix(c.Embedding), spareAngles: matrix(m.rope.width()),
	}
}
