// Package servertest stands in for inference servers: it answers in the wire
// formats of each kind, from a small model of this program, so that scores
// have a right value. Faulty makes any server fail now and then.
package servertest

import (
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/model"
	"github.com/llamaeval/llamaeval/model/checkpoint"
	"github.com/llamaeval/llamaeval/model/tokenizer"
)

// letters is where the vocabulary of tinymodel has printable ASCII: behind its
// special tokens, a token a byte.
const firstByte = 3

// Checkpoint writes a small model that says ASCII text, so that what it says
// is read again as the tokens it said.
func Checkpoint(t testing.TB, metadata map[string]any) string {
	return tinymodel.New(t, tinymodel.Options{Seed: 5, Untied: true, Metadata: metadata, Edit: func(x *tinymodel.Tensor) {
		if x.Name != "output.weight" {
			return
		}
		row := len(x.Data) / x.Shape[1]
		for i := range x.Shape[1] {
			if b := i - firstByte; b < ' ' || b > '~' && b < 256 || b >= 256 {
				clear(x.Data[i*row : (i+1)*row])
			}
		}
	}})
}

// A Model is what a stand-in serves.
type Model struct {
	Path      string
	Tokenizer *tokenizer.Tokenizer

	mu    sync.Mutex
	model *model.Model
	kv    *model.KV
}

// Open opens a checkpoint for a stand-in.
func Open(t testing.TB, path string) *Model {
	t.Helper()
	m, err := model.Open(path, model.Options{Threads: 1, Mode: model.Exact})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := checkpoint.Tokenizer(m.File())
	if err != nil {
		t.Fatal(err)
	}
	kv, err := m.NewKV(m.Config().ContextLength/model.PageTokens + 1)
	if err != nil {
		t.Fatal(err)
	}
	s := &Model{Path: path, Tokenizer: tokens, model: m, kv: kv}
	t.Cleanup(func() { s.kv.Close(); m.Close() })
	return s
}

// A Row is what the model says after a token.
type Row struct {
	logits []float32
	sum    float64
	Argmax int32
}

// LogProb is the natural-log probability of a token.
func (r Row) LogProb(token int32) float64 { return float64(r.logits[token]) - r.sum }

// Rank is how many tokens are likelier, plus 1.
func (r Row) Rank(token int32) int {
	rank := 1
	for i, l := range r.logits {
		if l > r.logits[token] || l == r.logits[token] && int32(i) < token {
			rank++
		}
	}
	return rank
}

// Rows returns what the model says after each of the tokens.
func (m *Model) Rows(tokens []int32) []Row {
	m.mu.Lock()
	defer m.mu.Unlock()
	var pages []model.PageID
	for range len(tokens)/model.PageTokens + 1 {
		p, ok := m.kv.Alloc()
		if !ok {
			panic("servertest: out of pages")
		}
		pages = append(pages, p)
	}
	defer func() {
		for _, p := range pages {
			m.kv.Release(p)
		}
	}()
	s := model.Segment{Tokens: tokens, Pages: pages}
	for i := range tokens {
		s.Outputs = append(s.Outputs, model.Output{Row: i, Target: -1, Logits: make([]float32, m.model.Config().Vocab)})
	}
	if err := m.model.Forward(m.kv, []model.Segment{s}); err != nil {
		panic(err)
	}
	out := make([]Row, len(tokens))
	for i, o := range s.Outputs {
		out[i] = Row{o.Logits, o.LogSumExp, o.Argmax}
	}
	return out
}

// A Generated is a greedy generation.
type Generated struct {
	Tokens   []int32
	LogProbs []float64
	Text     string // cut before the stop string
	Stop     string // what ended it: a stop string
	EOS      bool   // or an end token
}

// Generate continues a prompt greedily.
func (m *Model) Generate(prompt []int32, n int, stop []string) Generated {
	var g Generated
	all := append([]int32(nil), prompt...)
	for range n {
		rows := m.Rows(all)
		last := rows[len(rows)-1]
		g.Tokens, g.LogProbs = append(g.Tokens, last.Argmax), append(g.LogProbs, last.LogProb(last.Argmax))
		all = append(all, last.Argmax)
		if eos, ok := m.Tokenizer.EOS(); ok && last.Argmax == eos {
			g.EOS = true
			break
		}
		g.Text = m.Tokenizer.Decode(g.Tokens, true)
		if s, at := first(g.Text, stop); s != "" {
			g.Text, g.Stop = g.Text[:at], s
			break
		}
	}
	return g
}

func first(text string, stop []string) (found string, at int) {
	at = math.MaxInt
	for _, s := range stop {
		if i := strings.Index(text, s); s != "" && i >= 0 && i < at {
			found, at = s, i
		}
	}
	return found, at
}
