package model

import (
	"fmt"
	"slices"

	"github.com/llamaeval/llamaeval/kernels"
)

// A Segment is consecutive tokens of one sequence, to be computed in one step.
// What precedes them must already be in the pages, or in the same sequence's
// earlier segments of the same call.
type Segment struct {
	Tokens  []int32
	Start   int      // absolute position of Tokens[0]
	Pages   []PageID // Pages[i] holds positions from PageTokens·i, up to the last token's at least; NoPage where unseen
	Outputs []Output // filled in by Forward
}

// An Output asks for what the model says after a token. Several outputs may
// name the same row.
type Output struct {
	Row    int       // index into Tokens
	Target int32     // whose log-probability is wanted; -1: none
	Logits []float32 // if not nil, of vocabulary size: receives all logits
	Draw   *Draw     // if not nil: a token is drawn

	LogProb       float64 // natural log of p(Target | everything before)
	LogSumExp     float64 // of all logits; a logit minus this is a log-probability
	Argmax        int32   // likeliest token; the lowest among equals
	ArgmaxLogProb float64
}

// A Draw says how a token is drawn and receives it.
type Draw struct {
	Temperature float64 // above 0
	TopP        float64 // nucleus mass, see ref.Draw; 0 or 1: all
	Share       float64 // in [0, 1): where in the mass the token lies

	Token   int32
	LogProb float64 // natural log of p(Token | everything before), whatever the temperature
}

// batch is the segments of one call, row by row.
type batch struct {
	tokens   []int32
	spans    []kernels.Span
	angles   [][]float32 // rotary tables, as Model.ropes; a row per token
	outRows  []int       // rows with outputs, ascending
	outputs  []kernels.Logits
	outSpans []kernels.Span // outRows as queries of the last layer
	asked    []request
}

// request ties an Output to its summary.
type request struct {
	output   *Output
	summary  int // index into outputs
	target   int // index into the summary's targets
	draw     int // index into the summary's draws
	position int
}

// newBatch checks segments and lines them up. Nothing outside of the model and
// the pool can be touched through a segment that passes.
func (m *Model) newBatch(kv *KV, segs []Segment) (*batch, error) {
	b := &batch{angles: make([][]float32, len(m.ropes))}
	for i := range segs {
		s := &segs[i]
		if err := m.checkSegment(kv, s); err != nil {
			return nil, fmt.Errorf("segment %d: %w", i, err)
		}
		first := len(b.tokens)
		b.spans = append(b.spans, kernels.Span{Row: first, Len: len(s.Tokens), Start: s.Start, Pages: s.Pages})
		for j, t := range s.Tokens {
			b.tokens = append(b.tokens, t)
			for k, r := range m.ropes {
				b.angles[k] = r.append(b.angles[k], s.Start+j)
			}
		}
		b.addOutputs(s, first)
	}
	return b, nil
}

func (m *Model) checkSegment(kv *KV, s *Segment) error {
	end := s.Start + len(s.Tokens)
	switch {
	case len(s.Tokens) == 0:
		return fmt.Errorf("has no tokens")
	case s.Start < 0 || end > m.config.ContextLength:
		return fmt.Errorf("positions %d to %d are outside of the context of %d tokens", s.Start, end-1, m.config.ContextLength)
	case len(s.Pages)*PageTokens < end:
		return fmt.Errorf("%d pages do not reach position %d", len(s.Pages), end-1)
	}
	unseen := m.config.Unseen(s.Start)
	for i, p := range s.Pages {
		if p == NoPage && i < unseen {
			continue
		}
		if p < 0 || int(p) >= len(kv.owners) || kv.owners[p] <= 0 {
			return fmt.Errorf("page %d is not allocated", p)
		}
	}
	for _, t := range s.Tokens {
		if t < 0 || int(t) >= m.config.Vocab {
			return fmt.Errorf("token %d is not in the vocabulary of %d", t, m.config.Vocab)
		}
	}
	for _, o := range s.Outputs {
		switch {
		case o.Row < 0 || o.Row >= len(s.Tokens):
			return fmt.Errorf("output of row %d, there are %d", o.Row, len(s.Tokens))
		case o.Target < -1 || int(o.Target) >= m.config.Vocab:
			return fmt.Errorf("target %d is not in the vocabulary of %d", o.Target, m.config.Vocab)
		case o.Draw != nil && !(o.Draw.Temperature > 0 && o.Draw.Share >= 0 && o.Draw.Share < 1):
			return fmt.Errorf("a draw at temperature %v, share %v: want one above 0, and one from 0 to below 1", o.Draw.Temperature, o.Draw.Share)
		case o.Logits != nil && len(o.Logits) != m.config.Vocab:
			return fmt.Errorf("room for %d logits, the vocabulary has %d", len(o.Logits), m.config.Vocab)
		}
	}
	return nil
}

// addOutputs collects a segment's outputs by row; first is the row of its
// first token.
func (b *batch) addOutputs(s *Segment, first int) {
	order := make([]int, len(s.Outputs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return s.Outputs[i].Row - s.Outputs[j].Row })
	for _, i := range order {
		o := &s.Outputs[i]
		row := first + o.Row
		if n := len(b.outRows); n == 0 || b.outRows[n-1] != row {
			b.outRows = append(b.outRows, row)
			b.outputs = append(b.outputs, kernels.Logits{})
			b.addQuery(s, o.Row)
		}
		summary := len(b.outputs) - 1
		sum := &b.outputs[summary]
		r := request{output: o, summary: summary, target: -1, position: s.Start + o.Row}
		if o.Target >= 0 {
			r.target = len(sum.Targets)
			sum.Targets = append(sum.Targets, o.Target)
		}
		if o.Logits != nil && sum.All == nil {
			sum.All = o.Logits
		}
		if d := o.Draw; d != nil {
			r.draw = len(sum.Draws)
			sum.Draws = append(sum.Draws, kernels.Draw{Temperature: d.Temperature, TopP: d.TopP, Share: d.Share})
		}
		b.asked = append(b.asked, r)
	}
}

// addQuery appends a row of a segment to the queries of the last layer.
func (b *batch) addQuery(s *Segment, row int) {
	at := len(b.outRows) - 1
	if n := len(b.outSpans); n > 0 {
		last := &b.outSpans[n-1]
		if &last.Pages[0] == &s.Pages[0] && last.Start+last.Len == s.Start+row && last.Row+last.Len == at {
			last.Len++
			return
		}
	}
	b.outSpans = append(b.outSpans, kernels.Span{Row: at, Len: 1, Start: s.Start + row, Pages: s.Pages})
}

// deliver fills in the outputs.
func (b *batch) deliver() error {
	for _, r := range b.asked {
		o, sum := r.output, &b.outputs[r.summary]
		if sum.LogSumExp-sum.LogSumExp != 0 { // NaN or infinite
			return fmt.Errorf("the logits at position %d are not finite; the checkpoint is damaged or out of float32's range", r.position)
		}
		o.LogSumExp = sum.LogSumExp
		o.Argmax, o.ArgmaxLogProb = sum.Argmax, float64(sum.Max)-sum.LogSumExp
		if r.target >= 0 {
			o.LogProb = float64(sum.Target[r.target]) - sum.LogSumExp
		}
		if o.Draw != nil {
			d := sum.Draws[r.draw]
			o.Draw.Token, o.Draw.LogProb = d.Token, float64(d.Logit)-sum.LogSumExp
		}
		if o.Logits != nil && &o.Logits[0] != &sum.All[0] {
			copy(o.Logits, sum.All)
		}
	}
	return nil
}
