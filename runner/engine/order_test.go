package engine

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Requests come in the order that comparing their inputs one by one gives,
// with the lengths of their common prefixes.
func TestInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var requests []Request
		for range rapid.IntRange(0, 40).Draw(t, "requests") {
			tokens := make([]int32, rapid.IntRange(1, 100).Draw(t, "length"))
			for range rapid.IntRange(0, 3).Draw(t, "changes") {
				tokens[rapid.IntRange(0, len(tokens)-1).Draw(t, "at")] = rapid.Int32Range(-1, 1).Draw(t, "token")
			}
			cut := rapid.IntRange(0, len(tokens)-1).Draw(t, "cut")
			requests = append(requests, Request{Shared: tokens[:cut], Tokens: tokens[cut:], Scored: 1})
		}
		want := make([]ordered, len(requests))
		for i := range want {
			want[i].request = int32(i)
		}
		slices.SortFunc(want, func(a, b ordered) int {
			return cmp.Or(slices.Compare(requests[a.request].input().from(0), requests[b.request].input().from(0)), cmp.Compare(a.request, b.request))
		})
		for i := 1; i < len(want); i++ {
			a, b := requests[want[i-1].request].input().from(0), requests[want[i].request].input().from(0)
			for n := int(want[i].shared); n < min(len(a), len(b)) && a[n] == b[n]; n++ {
				want[i].shared++
			}
		}
		if got := inOrder(requests); !slices.Equal(got, want) {
			t.Fatalf("order %v, want %v", got, want)
		}
	})
}
