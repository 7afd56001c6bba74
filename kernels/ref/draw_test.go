package ref

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestTopPKeepsTheSmallestSet(t *testing.T) {
	logits := []float32{0, 10, 9, -5}
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		if got := Draw(logits, 1, 0.5, r.Float64()); got != 1 {
			t.Fatalf("top_p 0.5 drew token %d, which has less than half the mass", got)
		}
	}
	seen := map[int32]int{}
	for range 2000 {
		seen[Draw(logits, 1, 1, r.Float64())]++
	}
	// Softmax of 10 and 9: 0.731 to 0.269.
	if share := float64(seen[2]) / 2000; share < 0.23 || share > 0.31 {
		t.Errorf("token 2 was drawn in %.3f of cases, want about 0.269", share)
	}
}

// Draw agrees with the definition in float64, but where a share falls within
// rounding of the border between two tokens.
func TestDrawFollowsTheSoftmax(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		logits := rapid.SliceOfN(rapid.Float32Range(-20, 20), 1, 60).Draw(t, "logits")
		temperature := rapid.Float64Range(0.2, 3).Draw(t, "temperature")
		topP := rapid.SampledFrom([]float64{0, 0.3, 0.9, 0.999, 1}).Draw(t, "top_p")
		share := rapid.Float64Range(0, 0.999999).Draw(t, "share")
		order := make([]int, len(logits))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int {
			switch {
			case logits[a] > logits[b]:
				return -1
			case logits[a] < logits[b]:
				return 1
			}
			return 0
		})
		mass := func(i int) float64 { return math.Exp(float64(logits[order[i]]-logits[order[0]]) / temperature) }
		total := 0.0
		for i := range order {
			total += mass(i)
		}
		kept, n := 0.0, 0
		for kept < topP*total*(1-1e-5) || topP == 0 && n < len(order) {
			kept += mass(n)
			n++
		}
		got := int(Draw(logits, temperature, topP, share))
		before := 0.0
		for i := 0; order[i] != got; i++ {
			before += mass(i)
		}
		after := before + mass(slices.Index(order, got))
		low, high := before/(kept*1.0001), after/(kept*0.9999)
		if kept < total && n < len(order) { // the set may be one larger
			low = before / (kept + mass(n)) * 0.9999
		}
		if share < low-1e-5 || share > high+1e-5 {
			t.Fatalf("share %v drew token %d, whose share is %v to %v", share, got, low, high)
		}
	})
}

func TestDrawAtTheEnds(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range []struct {
		logits                   []float32
		temperature, topP, share float64
		want                     int32
	}{
		{[]float32{1, 3, 3, 2}, 1e-60, 0, 0.25, 1}, // equals are the likeliest, the lowest first
		{[]float32{1, 3, 3, 2}, 1e-60, 0, 0.75, 2},
		{[]float32{1, 3, 3, 2}, 1e-60, 0.5, 0.99, 1},
		{[]float32{-inf, 0, -inf}, 1, 0.9, 0.5, 1},
		{[]float32{nan, 2}, 1, 0, 0.9, 1},
		{[]float32{nan, nan}, 1, 0.5, 0.9, 0},
		{[]float32{inf, 1}, 1, 0.5, 0.9, 0},
		{[]float32{0, float32(math.Copysign(0, -1))}, 1, 0, 0.3, 0}, // zeros are equal
		{[]float32{float32(math.Copysign(0, -1)), 0}, 1, 0, 0.3, 0},
	} {
		if got := Draw(c.logits, c.temperature, c.topP, c.share); got != c.want {
			t.Errorf("%+v: token %d", c, got)
		}
	}
}
