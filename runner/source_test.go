package runner

import (
	"bytes"
	"context"
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

// allWaves returns a job's waves.
func allWaves(t *testing.T, j *Job, done map[item]bool) []*wave {
	t.Helper()
	source := j.waves(nil, done)
	defer source.stop()
	var out []*wave
	for {
		w, err := source.wave()
		if err != nil {
			t.Fatal(err)
		}
		if w == nil {
			return out
		}
		out = append(out, w)
	}
}

// Threads change neither what is in a wave, nor its order, nor a token; the
// size of waves changes nothing but where they are cut.
func TestWavesDoNotDependOnThreads(t *testing.T) {
	whole := allWaves(t, newTestJob(t, 1), nil)
	if len(whole) != 1 || len(whole[0].requests) != 2*80+2*80 || len(whole[0].items) != 160 {
		t.Fatalf("%d waves", len(whole))
	}
	for _, size := range []int{0, 1, 20_000, 60_000} {
		var want []*wave
		for _, threads := range []int{1, 2, 5} {
			j := newTestJob(t, threads)
			j.maxWave = size
			got := allWaves(t, j, nil)
			if want == nil {
				want = got
			}
			var requests []engine.Request
			for i, w := range got {
				requests = append(requests, w.requests...)
				if len(got) != len(want) || !slices.Equal(w.slots, want[i].slots) {
					t.Fatalf("waves of %d bytes: %d threads cut them elsewhere", size, threads)
				}
			}
			if diff := cmp.Diff(unshared(whole[0].requests), unshared(requests)); diff != "" {
				t.Errorf("waves of %d bytes, %d threads: %s", size, threads, diff)
			}
		}
		if size == 1 && len(want) != 160 || size == 20_000 && (len(want) < 4 || len(want) > 40) {
			t.Errorf("%d waves of %d bytes", len(want), size)
		}
	}
	done := map[item]bool{{"choice", 0}: true, {"choice", 79}: true, {"text", 40}: true}
	rest := allWaves(t, newTestJob(t, 2), done)[0]
	if len(rest.items) != 157 || slices.ContainsFunc(rest.items, func(wk *work) bool { return done[item{wk.task.Task.Name, wk.item.DocID}] }) {
		t.Errorf("%d items are left", len(rest.items))
	}
}

// However small waves are, a run leaves the same bytes.
func TestRunInManyWaves(t *testing.T) {
	whole, cut := newTestJob(t, 2), newTestJob(t, 2)
	cut.maxWave = 30_000
	one, err := whole.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	many, err := cut.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(parquetFiles(t, whole.Out), parquetFiles(t, cut.Out)) {
		t.Error("the results differ")
	}
	if one.Plan.Requests != many.Plan.Requests || one.Plan.TokensRequested != many.Plan.TokensRequested || one.Plan.TokensComputed >= many.Plan.TokensComputed {
		t.Errorf("plans: %+v in one wave, %+v in many", one.Plan, many.Plan)
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
	wave := func(items iter.Seq2[pending, error]) error {
		s := &waveSource{bytes: waveBytes, coders: []*coder{{encoder: bytesEncoder()}, {encoder: bytesEncoder()}, {encoder: bytesEncoder()}}}
		s.next, s.stop = iter.Pull2(items)
		defer s.stop()
		_, err := s.wave()
		return err
	}
	for range 20 {
		if err := wave(items(999, 400, 66, 300)); err == nil || !strings.HasPrefix(err.Error(), "task t, doc 66: ") {
			t.Fatalf("error is %v", err)
		}
		if err := wave(items()); !errors.Is(err, broken) {
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
