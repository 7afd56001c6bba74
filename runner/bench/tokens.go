package bench

import (
	"fmt"
	"slices"
	"time"

	"github.com/llamaeval/llamaeval/model"
)

// A test computes tokens of some sequences, each with a prompt of its own:
// prefill computes the prompts, decode what is generated after them.
type test struct {
	sequences, prompt, generated int
}

var tests = []test{{1, 512, 0}, {1, 2048, 0}, {1, 1, 128}, {16, 128, 128}, {32, 128, 128}}

func (t test) name() string {
	if t.generated == 0 {
		return fmt.Sprintf("prefill-%d", t.prompt)
	}
	return fmt.Sprintf("decode-%d", t.sequences)
}

// keys is how many a token sees on average.
func (t test) keys() float64 {
	if t.generated > 0 {
		return float64(t.prompt) + float64(t.generated)/2
	}
	return float64(t.prompt)/2 + 1
}

// flops is the arithmetic per token of the linear layers and of attention at
// the mean length, and of the output layer where each token needs it.
func (t test) flops(c model.Config) float64 {
	query, kv := float64(c.Heads*c.HeadDim), float64(c.KVHeads*c.HeadDim)
	e, ffn := float64(c.Embedding), float64(c.FFN)
	keys := t.keys()
	total := 2 * float64(c.Layers) * (e*(query+2*kv) + query*e + 3*e*ffn + 2*keys*query)
	if t.generated > 0 {
		total += 2 * e * float64(c.Vocab)
	}
	return total
}

func (t test) run(m *model.Model, mode string, w *watch) (Row, error) {
	row := Row{Test: t.name(), Mode: mode}
	if t.prompt+t.generated > m.Config().ContextLength {
		return row, fmt.Errorf("%s: the model's context holds %d tokens", row.Test, m.Config().ContextLength)
	}
	perSequence := (t.prompt + t.generated + model.PageTokens - 1) / model.PageTokens
	kv, err := m.NewKV(t.sequences * perSequence)
	if err != nil {
		return row, err
	}
	defer kv.Close()
	rates := make([]float64, rounds+1)
	total := 0.0
	for i := range rates {
		s := newSequences(m, kv, t, perSequence)
		w.clear()
		start := time.Now()
		if err := s.prefill(); err != nil {
			return row, err
		}
		tokens := t.sequences * t.prompt
		if t.generated > 0 {
			w.clear()
			start, tokens = time.Now(), t.sequences*t.generated
			if err := s.decode(t.generated); err != nil {
				return row, err
			}
		}
		total = time.Since(start).Seconds()
		rates[i] = float64(tokens) / total
		s.release()
	}
	rates = rates[1:] // the first was the warm-up
	slices.Sort(rates)
	row.Tokens = rates[rounds/2]
	row.GFlops = row.Tokens * t.flops(m.Config()) / 1e9
	if t.generated > 0 {
		row.Weights = row.Tokens / float64(t.sequences) * float64(m.WeightBytes()) / 1e9
		row.Cache = row.Tokens * t.keys() * float64(m.PageBytes()) / model.PageTokens / 1e9
	}
	row.Kernels = w.shares(total) // of the last round
	return row, nil
}

// sequences are prompts and their cache pages.
type sequences struct {
	model  *model.Model
	kv     *model.KV
	tokens [][]int32
	pages  [][]model.PageID
	last   []int32
}

func newSequences(m *model.Model, kv *model.KV, t test, pages int) *sequences {
	s := &sequences{model: m, kv: kv, last: make([]int32, t.sequences)}
	vocab := m.Config().Vocab
	for i := range t.sequences {
		prompt := make([]int32, t.prompt)
		for k := range prompt {
			prompt[k] = int32((7919*(i+1) + 104729*k) % vocab)
		}
		s.tokens = append(s.tokens, prompt)
		var table []model.PageID
		for range pages {
			p, _ := kv.Alloc() // the pool is as large as all sequences
			table = append(table, p)
		}
		s.pages = append(s.pages, table)
	}
	return s
}

// prefill computes the prompts in the steps that suit the device, and only
// the last logits of each.
func (s *sequences) prefill() error {
	rows := max(batchRows, s.model.StepRows())
	for i, prompt := range s.tokens {
		for from := 0; from < len(prompt); from += rows {
			to := min(from+rows, len(prompt))
			seg := model.Segment{Tokens: prompt[from:to], Start: from, Pages: s.pages[i]}
			if to == len(prompt) {
				seg.Outputs = []model.Output{{Row: to - from - 1, Target: -1}}
			}
			segs := []model.Segment{seg}
			if err := s.model.Forward(s.kv, segs); err != nil {
				return err
			}
			if to == len(prompt) {
				s.last[i] = segs[0].Outputs[0].Argmax
			}
		}
	}
	return nil
}

// decode generates n tokens of all sequences, a token of each at a time.
func (s *sequences) decode(n int) error {
	segs := make([]model.Segment, len(s.tokens))
	for step := range n {
		for i := range segs {
			segs[i] = model.Segment{
				Tokens: []int32{s.last[i]}, Start: len(s.tokens[i]) + step, Pages: s.pages[i],
				Outputs: []model.Output{{Target: -1}},
			}
		}
		if err := s.model.Forward(s.kv, segs); err != nil {
			return err
		}
		for i := range segs {
			s.last[i] = segs[i].Outputs[0].Argmax
		}
	}
	return nil
}

func (s *sequences) release() {
	for _, table := range s.pages {
		for _, p := range table {
			s.kv.Release(p)
		}
	}
}
