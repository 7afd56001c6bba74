package runner

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/server"
)

// startLlama starts llama-cpp-python's server with the real model and returns
// its address. LLAMAEVAL_LLAMA_SERVER is a Python that has it
// (scripts/llama-server).
func startLlama(t *testing.T, checkpoint string) string {
	t.Helper()
	python := os.Getenv("LLAMAEVAL_LLAMA_SERVER")
	if python == "" {
		t.Skip("LLAMAEVAL_LLAMA_SERVER is not set: make test-long sets it")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-m", "llama_cpp.server", "--model", checkpoint, "--model_alias", "smollm2",
		"--host", "127.0.0.1", "--port", fmt.Sprint(port), "--n_ctx", "1024", "--logits_all", "true", "--verbose", "false")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait(); log.Close() })
	url := fmt.Sprintf("http://127.0.0.1:%d/v1", port)
	for range 3000 { // five minutes, on a machine that does much else
		if r, err := http.Get(url + "/models"); err == nil {
			r.Body.Close()
			return server.Prefix + url + "#smollm2"
		}
		time.Sleep(100 * time.Millisecond)
	}
	text, _ := os.ReadFile(log.Name())
	t.Fatalf("the server does not start: %s", text)
	return ""
}

// Bounds on how far two programs with the same Q4_1 weights may be apart.
// llama.cpp rounds activations to 8 bits before each product, this program
// does not: that is the quantisation's error, for a token and on average.
const (
	llamaToken = 0.6
	llamaMean  = 0.08
	llamaClear = 0.5 // a likeliest token that leads by more is the same
)

// A real llama.cpp gives the scores of the local engine within the
// quantisation's error, and its generations where the choice is clear.
func TestLlamaServer(t *testing.T) {
	checkpoint := sharedtest.Model(t)
	address := startLlama(t, checkpoint)
	x := &remoteTest{checkpoint: checkpoint, address: address, options: server.Options{Concurrency: 2, Timeout: 10 * time.Minute, Notice: func(s string) { t.Log(s) }}}
	choose := func(s *Spec) { s.Items, s.BOS = []int{3, 7, 20, 33, 51}, "on" }
	x.local, x.remote = newTestJob(t, 2, choose), newTestJob(t, 2, choose)
	local, err := OpenLocal(checkpoint, LocalOptions{Mode: "exact", Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	x.local.Local, x.given = local, local.Tokenizer
	if err := x.open(t); err != nil {
		t.Fatal(err)
	}
	s := x.remote.Remote.Server
	if s.Name() != "llama-cpp-python 0.3.36" || s.Context != 1024 || s.Can.Scoring != "echo" || s.Can.Prompts != server.PromptText || s.Can.FirstToken {
		t.Fatalf("%s: context %d, %+v", s.Name(), s.Context, s.Can)
	}
	for _, j := range []*Job{x.local, x.remote} {
		if _, err := j.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	near(t, samplesByItem(t, x.local.Out), samplesByItem(t, x.remote.Out))

	// Without BOS this server's scores are those of the next token.
	x.remote.Spec.BOS = "auto"
	if err := x.open(t); err != nil {
		t.Fatal(err)
	}
	if err := x.remote.Remote.Check(x.remote.Tasks); err == nil || !strings.Contains(err.Error(), "one token late") {
		t.Errorf("without BOS: %v", err)
	}
}

// near compares the samples of two programs.
func near(t *testing.T, want, got map[item]results.Sample) {
	t.Helper()
	var sum, worst float64
	n, same, texts := 0, 0, 0
	for id, w := range want {
		g := got[id]
		for i, p := range w.LogLikelihoods {
			tokens := len(w.TokenLogProbs[len(w.TokenLogProbs)-len(w.LogLikelihoods)+i])
			d := math.Abs(p-g.LogLikelihoods[i]) / float64(max(1, tokens))
			sum, worst, n = sum+d, max(worst, d), n+1
		}
		for i, text := range w.Generations {
			texts++
			if text == g.Generations[i] {
				same++
			} else if clearChoice(w.TokenLogProbs[i]) {
				t.Errorf("%v: %q, here %q", id, g.Generations[i], text)
			}
		}
		if !slices.Equal(g.ContinuationTokens, w.ContinuationTokens) || !slices.Equal(g.ContextTokens, w.ContextTokens) {
			t.Errorf("%v: %v and %v tokens, here %v and %v", id, g.ContextTokens, g.ContinuationTokens, w.ContextTokens, w.ContinuationTokens)
		}
	}
	t.Logf("%d scores: mean difference %.4f a token, largest %.4f; %d of %d generations equal", n, sum/float64(n), worst, same, texts)
	if worst > llamaToken || sum/float64(n) > llamaMean || n == 0 || texts == 0 {
		t.Errorf("scores differ by %.4f a token (largest %.4f)", sum/float64(n), worst)
	}
}

// clearChoice tells whether each token was far likelier than all others
// together can be: then its neighbour is behind by more than llamaClear.
func clearChoice(logProbs []float32) bool {
	return !slices.ContainsFunc(logProbs, func(p float32) bool {
		rest := math.Log1p(-math.Min(math.Exp(float64(p)), 1-1e-9))
		return float64(p)-rest < llamaClear
	})
}
