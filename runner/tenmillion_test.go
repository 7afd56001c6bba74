package runner

import (
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/runner/engine"
)

// A shape is how a kind of benchmark asks: lengths in tokens.
type shape struct {
	name      string
	exemplars int // before every document
	passage   int // which `together` documents share, behind the exemplars
	together  int
	question  int // on average; from half to one and a half of it
	choices   int // each with `choice` tokens; 0: one generation
	choice    int
}

var shapes = []shape{
	{name: "MMLU", exemplars: 700, question: 90, choices: 4, choice: 1},
	{name: "HellaSwag", exemplars: 420, question: 60, choices: 4, choice: 24},
	{name: "GSM8K", exemplars: 1753, question: 65},
	{name: "SQuAD", exemplars: 800, passage: 180, together: 5, question: 16},
}

// Ten million requests: 200 tasks of 50,000 requests each, planned wave after
// wave as a run plans them, and the chain cut into shards. Times are the
// clock's. Short: a hundredth of it.
func TestPlanTenMillion(t *testing.T) {
	tasks, perTask := 200, 50_000
	if os.Getenv("LLAMAEVAL_LONG") == "" {
		perTask /= 100
	}
	var plan engine.Plan
	var chain []link
	var planning, chaining time.Duration
	waves, heap := 0, uint64(0)
	r := rand.New(rand.NewPCG(1, 2))
	for k := range tasks {
		for wave := range synthetic(r, shapes[k%len(shapes)], perTask) {
			waves++
			at := time.Now()
			p := engine.MakePlan(slices.Concat(wave...))
			planning += time.Since(at)
			at = time.Now()
			for _, l := range engine.Chain(wave) {
				chain = append(chain, link{task: int32(k), doc: int32(l.Group), cost: int32(l.Cost), shared: int32(l.Shared)})
			}
			chaining += time.Since(at)
			plan.Requests += p.Requests
			plan.TokensRequested += p.TokensRequested
			plan.TokensComputed += p.TokensComputed
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			heap = max(heap, m.Sys-m.HeapReleased)
		}
	}
	t.Logf("%d requests of %d documents in %d waves: tries %v, chain %v, at most %d MB of memory, of which the chain %d MB",
		plan.Requests, len(chain), waves, planning.Round(time.Millisecond), chaining.Round(time.Millisecond), heap/1e6, cap(chain)*16/1e6)
	t.Logf("tokens requested %d, computed %d: %.1f times fewer", plan.TokensRequested, plan.TokensComputed, float64(plan.TokensRequested)/float64(plan.TokensComputed))
	for _, n := range []int{8, 64, 1024} {
		at := time.Now()
		borders := cutChain(chain, n)
		took := time.Since(at)
		again := 0
		for _, b := range borders[1:n] {
			again += int(chain[b].shared)
		}
		t.Logf("%4d shards: cut in %v, %.4f%% of the tokens computed again", n, took.Round(time.Millisecond), 100*float64(again)/float64(plan.TokensComputed))
		if float64(again) > 0.05*float64(plan.TokensComputed) && perTask == 50_000 {
			t.Errorf("%d shards compute %d tokens again", n, again)
		}
	}
	if heap > 1e9 {
		t.Errorf("planning took %d MB", heap/1e6)
	}
}

// synthetic yields waves of documents of a shape, about as many to a wave as a
// run would take.
func synthetic(r *rand.Rand, s shape, requests int) func(yield func([][]engine.Request) bool) {
	return func(yield func([][]engine.Request) bool) {
		exemplars := tokensOf(r, s.exemplars)
		var passage []int32
		var wave [][]engine.Request
		left := waveBytes
		for i := 0; i*max(1, s.choices) < requests; i++ {
			if s.passage > 0 && i%s.together == 0 {
				passage = tokensOf(r, s.passage)
			}
			question := slices.Concat(passage, tokensOf(r, s.question/2+r.IntN(s.question)))
			var doc []engine.Request
			for range s.choices {
				doc = append(doc, engine.Request{Shared: exemplars, Tokens: slices.Concat(question, tokensOf(r, s.choice)), Scored: s.choice})
			}
			if s.choices == 0 {
				doc = append(doc, engine.Request{Shared: exemplars, Tokens: question, Gen: &engine.Generation{MaxTokens: 256}})
			}
			wave = append(wave, doc)
			// As waveSource.take estimates, four bytes a token.
			left -= 4*len(question)*(1+len(doc)) + len(doc)*(400+6*4*s.choice)
			if left <= 0 {
				if !yield(wave) {
					return
				}
				wave, left = nil, waveBytes
			}
		}
		if len(wave) > 0 {
			yield(wave)
		}
	}
}

// tokensOf draws tokens as text has them: few are frequent.
func tokensOf(r *rand.Rand, n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		u := r.Float64()
		out[i] = int32(49152 * u * u * u)
	}
	return out
}
