package engine

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Every request is in one part, parts are runs of the order, and none has more
// than its share and one request.
func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var requests []Request
		for range rapid.IntRange(1, 40).Draw(t, "requests") {
			r := Request{Tokens: rapid.SliceOfN(rapid.Int32Range(0, 2), 2, 9).Draw(t, "tokens"), Scored: 1}
			if rapid.Bool().Draw(t, "generates") {
				r.Scored, r.Gen = 0, &Generation{MaxTokens: rapid.IntRange(1, 30).Draw(t, "most")}
			}
			requests = append(requests, r)
		}
		n := rapid.IntRange(1, 5).Draw(t, "parts")
		parts := Split(requests, n)
		var order []int32
		for _, o := range inOrder(requests) {
			order = append(order, o.request)
		}
		if got := slices.Concat(parts...); len(parts) != n || !slices.Equal(got, order) {
			t.Fatalf("%v, want %v in %d parts", parts, order, n)
		}
	})
}

func TestSplitIsEven(t *testing.T) {
	var requests []Request
	for i := range int32(100) {
		requests = append(requests, Request{Tokens: []int32{7, 7, 7, i, 1}, Scored: 1})
	}
	for i, part := range Split(requests, 4) {
		if len(part) < 24 || len(part) > 26 {
			t.Errorf("part %d of 4 has %d of 100 requests", i, len(part))
		}
	}
}
