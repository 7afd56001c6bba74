package model

import (
	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

// score computes the outputs of the first rows of h, and draws tokens where
// the backend does not do it.
func (m *Model) score(out []kernels.Logits) error {
	_, draws := m.backend.(kernels.Drawer)
	used := 0 // of m.drawn: rows of logits that only draws want
	for i := range out {
		if o := &out[i]; !draws && len(o.Draws) > 0 && o.All == nil {
			if used == len(m.drawn) {
				m.drawn = append(m.drawn, make([]float32, m.config.Vocab))
			}
			o.All = m.drawn[used]
			used++
		}
	}
	if err := m.backend.Score(m.space.h, m.weights.output, float32(m.config.LogitLimit), out); err != nil || draws {
		return err
	}
	for i := range out {
		for j := range out[i].Draws {
			d := &out[i].Draws[j]
			d.Token = ref.Draw(out[i].All, d.Temperature, d.TopP, d.Share)
			d.Logit = out[i].All[d.Token]
		}
	}
	return nil
}

// step tells a backend that asks for it that a forward pass of so many rows
// begins, and returns how many rows it needs room for.
func (m *Model) step(rows int) int {
	if s, ok := m.backend.(kernels.Stepper); ok {
		return s.Step(rows)
	}
	return rows
}
