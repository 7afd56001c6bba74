//go:build cuda && linux

package cuda

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

// flashCase is a way to attend in mode fast.
type flashCase struct {
	kernels.CacheShape
	how kernels.Attention
}

// Three branches with a common page, in tiles of their own and in common
// ones: near the exact result for rounded factors, and a row has the same bits
// alone.
func TestFlashNearRef(t *testing.T) {
	b := open(t)
	b.Fast(true)
	r := rand.New(rand.NewPCG(11, 13))
	for _, c := range []flashCase{
		{CacheShape: kernels.CacheShape{Layers: 2, KVHeads: 2, HeadDim: 64, Heads: 6}},
		{CacheShape: kernels.CacheShape{Layers: 1, KVHeads: 1, HeadDim: 16, Heads: 1}, how: kernels.Attention{Limit: 0.7}},
		{CacheShape: kernels.CacheShape{Layers: 2, KVHeads: 2, HeadDim: 128, Heads: 2}, how: kernels.Attention{Window: 50}},
		{CacheShape: kernels.CacheShape{Layers: 1, KVHeads: 1, HeadDim: 96, Heads: 8}, how: kernels.Attention{Window: 7, Limit: 3}},
		{CacheShape: kernels.CacheShape{Layers: 1, KVHeads: 1, HeadDim: 256, Heads: 2}, how: kernels.Attention{Window: 64}},
	} {
		t.Run(fmt.Sprintf("%d heads of %d, window %d", c.Heads, c.HeadDim, c.how.Window), func(t *testing.T) { flashNearRef(t, b, r, c) })
	}
}

func flashNearRef(t *testing.T, b *Backend, r *rand.Rand, s flashCase) {
	const shared, one, two, three = 70, 75, 9, 5 // positions; branches begin at 64
	rows := shared + one + two + three
	layer := s.Layers - 1
	kv := newCache(t, b, s.CacheShape, 6)
	defer kv.Close()
	c := kv.(*cache)
	q, k, v := random(r, rows*s.Heads*s.HeadDim), random(r, rows*s.KVHeads*s.HeadDim), random(r, rows*s.KVHeads*s.HeadDim)
	spans := []kernels.Span{
		{Row: 0, Len: shared, Start: 0, Pages: []int32{3, 5}},
		{Row: shared, Len: one, Start: 64, Pages: []int32{3, 1, 4}},
		{Row: shared + one, Len: two, Start: 64, Pages: []int32{3, 0}},
		{Row: shared + one + two, Len: three, Start: 64, Pages: []int32{3, 2}},
	}
	s.how.Scale = float32(1 / math.Sqrt(float64(s.HeadDim)))
	attend := func(first, count int, spans []kernels.Span) []float32 {
		size := s.Heads * s.HeadDim
		dst := newMatrix(b, count, size)
		b.flash(dst, upload(b, count, q[first*size:(first+count)*size]), b.place(c, spans), layer, s.how)
		return widened(t, b, dst, count)
	}
	b.Store(c, layer, upload(b, rows, k), upload(b, rows, v), spans)
	got := attend(0, rows, spans)
	size := s.Heads * s.HeadDim
	for _, span := range spans {
		for i := range span.Len {
			row, seen := span.Row+i, make([]int, span.Start, span.Start+i+1)
			for p := range seen {
				seen[p] = p // rows of the first span
			}
			for p := range i + 1 {
				seen = append(seen, span.Row+p)
			}
			for h := range s.Heads {
				want := exactAttention(q[(row*s.Heads+h)*s.HeadDim:][:s.HeadDim], k, v, seen, s, h*s.KVHeads/s.Heads)
				for d, y := range want {
					if x := float64(got[row*size+h*s.HeadDim+d]); !(math.Abs(x-y) < 0.012*(1+math.Abs(y))) {
						t.Fatalf("row %d head %d: value %d is %v, want %v", row, h, d, x, y)
					}
				}
			}
			if i%13 == 0 || i == span.Len-1 {
				pages := slices.Clone(span.Pages)
				if w := s.how.Window; w > 0 && span.Start+i-w+1 >= kernels.PageTokens {
					pages[0] = 1 << 20 // out of sight: it need not exist
				}
				alone := attend(row, 1, []kernels.Span{{Row: 0, Len: 1, Start: span.Start + i, Pages: pages}})
				if err := sameBits(alone, got[row*size:(row+1)*size]); err != nil {
					t.Fatalf("row %d alone: %v", row, err)
				}
			}
		}
	}

	// From a copy of a page.
	c.CopyRows(1, 0, two)
	alone := attend(rows-three-1, 1, []kernels.Span{{Row: 0, Len: 1, Start: 64 + two - 1, Pages: []int32{3, 1}}})
	if err := sameBits(alone, got[(rows-three-1)*size:(rows-three)*size]); err != nil {
		t.Errorf("on a copied page: %v", err)
	}
}

// exactAttention is what one query of rounded factors gathers from rows of
// keys and values, the last of which is its own.
func exactAttention(q, k, v []float32, seen []int, s flashCase, head int) []float64 {
	if s.how.Window > 0 {
		seen = seen[max(0, len(seen)-s.how.Window):]
	}
	out, sum := make([]float64, s.HeadDim), 0.0
	for _, row := range seen {
		at, score := (row*s.KVHeads+head)*s.HeadDim, 0.0
		for d := range q {
			score += float64(ref.RoundBF16(q[d])) * float64(ref.RoundBF16(k[at+d]))
		}
		score *= float64(s.how.Scale)
		if s.how.Limit > 0 {
			score = float64(s.how.Limit) * math.Tanh(score/float64(s.how.Limit))
		}
		w := math.Exp(score)
		sum += w
		for d := range out {
			out[d] += w * float64(ref.RoundBF16(v[at+d]))
		}
	}
	for d := range out {
		out[d] /= sum
	}
	return out
}

// widened downloads the rows of a matrix that holds bfloat16.
func widened(t testing.TB, b *Backend, m *matrix, rows int) []float32 {
	t.Helper()
	if !m.narrow {
		t.Fatal("the matrix holds floats")
	}
	words := make([]int32, (rows*m.cols+1)/2)
	if b.err == nil {
		b.check(b.stream.Download(bytesOf(words)[:2*rows*m.cols], m.half))
	}
	if err := b.wait(); err != nil {
		t.Fatal(err)
	}
	out := make([]float32, rows*m.cols)
	for i := range out {
		out[i] = math.Float32frombits(uint32(words[i/2]) >> (i % 2 * 16) << 16)
	}
	return out
}

// Pieces of branches share a tile where most of their pages are the same.
func TestStack(t *testing.T) {
	pages := []int32{7, 8, 1, 7, 8, 2, 7, 3, 4, 9}
	pieces := []pieceArgs{
		{count: 5, start: 128, pages: 0},
		{count: 6, start: 130, pages: 3},
		{count: 6, start: 128, pages: 6}, // one page of three
		{count: 7, start: 128, pages: 6}, // too many in a tile
		{count: 1, start: 0, pages: 9},
	}
	got := fmt.Sprint(stack(pieces, pages, 12))
	if want := "[{0 2} {2 1} {3 1} {4 1}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
