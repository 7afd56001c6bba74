package runner

import (
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/runner/engine"
	"github.com/llamaeval/llamaeval/tasks"
)

// Threads change neither the order nor the tokens of a wave.
func TestWaveDoesNotDependOnThreads(t *testing.T) {
	want, err := newTestJob(t, 1).wave(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(want.requests) != 2*80+2*80 || len(want.items) != 160 {
		t.Errorf("%d requests of %d items", len(want.requests), len(want.items))
	}
	done := map[item]bool{{"choice", 0}: true, {"choice", 79}: true, {"text", 40}: true}
	for _, threads := range []int{2, 5} {
		j := newTestJob(t, threads)
		got, err := j.wave(nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(unshared(want.requests), unshared(got.requests)); diff != "" {
			t.Errorf("%d threads: %s", threads, diff)
		}
		if !slices.Equal(got.slots, want.slots) {
			t.Errorf("%d threads: other slots", threads)
		}
		rest, err := j.wave(done)
		if err != nil || len(rest.items) != 157 || slices.ContainsFunc(rest.items, func(wk *work) bool { return done[item{wk.task.Task.Name, wk.item.DocID}] }) {
			t.Errorf("%d items are left, %v", len(rest.items), err)
		}
	}
}

// unshared undoes the sharing of tokens, which depends on what an encoder saw
// before.
func unshared(requests []engine.Request) []engine.Request {
	out := slices.Clone(requests)
	for i, r := range out {
		out[i].Shared, out[i].Tokens = nil, r.All()
	}
	return out
}

// The error is that of the first document in order that has one.
func TestWaveReportsTheFirstError(t *testing.T) {
	task := &Prepared{Task: &tasks.Task{Name: "t"}}
	broken := errors.New("broken document")
	items := func(tooLong ...int) iter.Seq2[pending, error] {
		return func(yield func(pending, error) bool) {
			for id := range 1000 {
				p := pending{task, prompts.Item{DocID: id, Requests: []prompts.Request{{Context: "a", Continuation: "b"}}}}
				if slices.Contains(tooLong, id) {
					p.item.Requests[0].Continuation = "longer than the context"
				}
				if !yield(p, nil) {
					return
				}
			}
			yield(pending{}, broken)
		}
	}
	for range 20 {
		coders := []*coder{{encoder: bytesEncoder()}, {encoder: bytesEncoder()}, {encoder: bytesEncoder()}}
		if _, err := encodeAll(items(999, 400, 66, 300), coders); err == nil || !strings.HasPrefix(err.Error(), "task t, doc 66: ") {
			t.Fatalf("error is %v", err)
		}
		if _, err := encodeAll(items(), coders); !errors.Is(err, broken) {
			t.Fatalf("error is %v", err)
		}
	}
}

// What a text shares with the one before it never changes its tokens.
func TestPrefixEncoder(t *testing.T) {
	j := newTestJob(t, 1)
	tok := j.Local.Tokenizer
	pieces := []string{" ", "\n", "\n\n", "the ", "Question: what", " thing", "'s ", "12", "é", "<|im_end|>", "Answer:", strings.Repeat("and so on ", 8)}
	rapid.Check(t, func(t *rapid.T) {
		p := newPrefixEncoder(tok)
		text := ""
		for range rapid.IntRange(1, 8).Draw(t, "texts") {
			text = text[:rapid.IntRange(0, len(text)).Draw(t, "kept")] + strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "pieces"), "")
			if got, want := p.tokensOf(text), tok.Encode(text, true); !slices.Equal(got, want) {
				t.Fatalf("%q: %v, want %v", text, got, want)
			}
		}
	})
}
