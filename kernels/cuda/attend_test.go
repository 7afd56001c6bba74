//go:build cuda && linux

package cuda

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

// Two sequences share a page and branch off from it; each row has the bits of
// ref.Attend over its own keys, however the rows are cut into steps.
func TestAttendEqualsRef(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(11, 12))
	for _, s := range []kernels.CacheShape{
		{Layers: 2, KVHeads: 2, HeadDim: 64, Heads: 6},
		{Layers: 1, KVHeads: 1, HeadDim: 16, Heads: 4},
		{Layers: 2, KVHeads: 2, HeadDim: 128, Heads: 2},
		{Layers: 1, KVHeads: 1, HeadDim: 96, Heads: 1},
		{Layers: 1, KVHeads: 1, HeadDim: 160, Heads: 2},
	} {
		scale := float32(1 / math.Sqrt(float64(s.HeadDim)))
		for _, how := range []kernels.Attention{{Scale: scale}, {Scale: scale, Limit: 2}, {Scale: 0.3, Window: 1}, {Scale: scale, Limit: 50, Window: 66}} {
			t.Run(fmt.Sprintf("%d heads of %d, %+v", s.Heads, s.HeadDim, how), func(t *testing.T) { attendEqualsRef(t, b, r, s, how) })
		}
	}
}

func attendEqualsRef(t *testing.T, b *Backend, r *rand.Rand, s kernels.CacheShape, how kernels.Attention) {
	const shared, one, two = 64, 70, 9 // positions
	const rows = shared + one + two
	layer := s.Layers - 1
	c := newCache(t, b, s, 5)
	defer c.Close()
	q, k, v := random(r, rows*s.Heads*s.HeadDim), random(r, rows*s.KVHeads*s.HeadDim), random(r, rows*s.KVHeads*s.HeadDim)
	dst := newMatrix(b, rows, s.Heads*s.HeadDim)
	qm, km, vm := upload(b, rows, q), upload(b, rows, k), upload(b, rows, v)
	spans := []kernels.Span{
		{Row: 0, Len: shared, Start: 0, Pages: []int32{3}},
		{Row: shared, Len: one, Start: shared, Pages: []int32{3, 1, 4}},
		{Row: shared + one, Len: two, Start: shared, Pages: []int32{3, 0}},
	}
	b.Store(c, layer, km, vm, spans)
	b.Attend(dst, qm, c, layer, how, spans)
	got := download(t, b, dst, rows)

	want := make([]float32, len(got))
	width, group := s.HeadDim, s.Heads/s.KVHeads
	for row := range rows {
		var before []int // rows whose keys it sees
		for i := range row + 1 {
			if i < shared || (i < shared+one) == (row < shared+one) {
				before = append(before, i)
			}
		}
		for h := range s.Heads {
			var keys, values [][]float32
			for _, i := range before {
				at := (i*s.KVHeads + h/group) * width
				keys, values = append(keys, k[at:at+width]), append(values, v[at:at+width])
			}
			at := (row*s.Heads + h) * width
			ref.Attend(want[at:at+width], q[at:at+width], keys, values, how)
		}
	}
	if err := sameBits(got, want); err != nil {
		t.Error(err)
	}

	// The same query alone in a step, from a copy of its page.
	c.CopyRows(2, 0, two)
	last := upload(b, 1, q[(rows-1)*s.Heads*width:])
	alone := newMatrix(b, 1, s.Heads*width)
	b.Attend(alone, last, c, layer, how, []kernels.Span{{Row: 0, Len: 1, Start: shared + two - 1, Pages: []int32{3, 2}}})
	if err := sameBits(download(t, b, alone, 1), want[(rows-1)*s.Heads*width:]); err != nil {
		t.Errorf("alone, on a copied page: %v", err)
	}
}

// Spans that were sent in a step before are sent again.
func TestSpansOutliveAStep(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(17, 18))
	s := kernels.CacheShape{Layers: 1, KVHeads: 1, HeadDim: 8, Heads: 1}
	c := newCache(t, b, s, 2)
	defer c.Close()
	const rows = 70
	k, dst := upload(b, rows, random(r, rows*8)), newMatrix(b, rows, 8)
	spans := []kernels.Span{{Len: rows, Pages: []int32{1, 0}}}
	b.Store(c, 0, k, k, spans)
	b.Attend(dst, k, c, 0, kernels.Attention{Scale: 0.4}, spans)
	want := download(t, b, dst, rows)
	upload(b, 1, random(r, 5000)) // over what was sent
	again := newMatrix(b, rows, 8)
	b.Attend(again, k, c, 0, kernels.Attention{Scale: 0.4}, spans)
	if err := sameBits(download(t, b, again, rows), want); err != nil {
		t.Error(err)
	}
}

// A step that sends more than a part of the stage holds takes further parts.
func TestStageOverflows(t *testing.T) {
	b := open(t)
	r := rand.New(rand.NewPCG(19, 20))
	var all []*matrix
	var values [][]float32
	for range 5 {
		values = append(values, random(r, stageBytes/4/2-1000))
		all = append(all, upload(b, 1, values[len(values)-1]))
	}
	for i, m := range all {
		if err := sameBits(download(t, b, m, 1), values[i]); err != nil {
			t.Errorf("array %d: %v", i, err)
		}
	}
	// Pages of many long sequences, say, are one array.
	big := random(r, stageBytes/4+1001)
	to := newMatrix(b, 1, len(big))
	for range 2 { // the second time the part is there
		b.copy(to.at, b.send(bytesOf(big)), 4*len(big))
		if err := sameBits(download(t, b, to, 1), big); err != nil {
			t.Errorf("a large array: %v", err)
		}
	}
}
