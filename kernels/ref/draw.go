package ref

import (
	"cmp"
	"math"
	"slices"
)

// drawUnit is the mass of the likeliest token, in the units that Draw counts.
const drawUnit = 1 << 40

// DrawTemperature is the temperature that Draw computes with.
func DrawTemperature(t float64) float32 { return max(float32(t), 1e-30) }

// Draw draws a token from the softmax of logits at a temperature above 0, cut
// to the smallest set of likeliest tokens whose mass reaches topP (Holtzman et
// al., 2020, arXiv 1904.09751); 0 or 1 keeps all. share, in [0, 1), says where
// in that mass the token lies, the likeliest first, the lowest among equals.
//
// A token's mass, Exp of its distance from the likeliest one, is cut to a whole
// number of 2^-40, so that sums have no order. Logits that are not finite have
// none.
func Draw(logits []float32, temperature, topP, share float64) int32 {
	top := float32(math.Inf(-1))
	for _, l := range logits {
		if l > top {
			top = l
		}
	}
	t, total := DrawTemperature(temperature), uint64(0)
	type token struct {
		id    int32
		logit float32
		mass  uint64
	}
	var all []token
	for i, l := range logits {
		if m := Exp((l - top) / t); m > 0 {
			if mass := uint64(m * drawUnit); mass > 0 {
				all, total = append(all, token{int32(i), l, mass}), total+mass
			}
		}
	}
	if total == 0 {
		return 0
	}
	slices.SortFunc(all, func(a, b token) int { return cmp.Or(cmp.Compare(b.logit, a.logit), cmp.Compare(a.id, b.id)) })
	// find returns the first token that the mass up to and including it
	// exceeds goal with, and that mass.
	find := func(goal uint64) (int32, uint64) {
		sum := uint64(0)
		for _, t := range all {
			if sum += t.mass; sum > goal {
				return t.id, sum
			}
		}
		return all[len(all)-1].id, total
	}
	kept := total
	if topP > 0 && topP < 1 {
		_, kept = find(max(1, uint64(math.Ceil(float64(topP*float64(total))))) - 1)
	}
	id, _ := find(min(uint64(float64(share*float64(kept))), kept-1))
	return id
}
