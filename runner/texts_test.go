package runner

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/prompts"
)

// What is packed comes out again.
func TestPackedItemsAreWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s texts
		piece := rapid.SampledFrom([]string{"", "a", "exemplar one ", "exemplar two ", "question?", "\n"})
		for range rapid.IntRange(1, 5).Draw(t, "items") {
			it := prompts.Item{DocID: 1}
			for range rapid.IntRange(1, 4).Draw(t, "requests") {
				it.Requests = append(it.Requests, prompts.Request{
					Context: strings.Join(rapid.SliceOfN(piece, 0, 4).Draw(t, "context"), ""), Continuation: piece.Draw(t, "continuation"),
				})
			}
			want := it
			want.Requests = append([]prompts.Request(nil), it.Requests...)
			contexts := s.pack(&it)
			if diff := cmp.Diff(want, unpack(it, contexts)); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}
