package runner

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/model/tokenizer"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/server"
	"github.com/llamaeval/llamaeval/runner/server/servertest"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/dataset"
)

// A remoteTest is a job on a stand-in, and one on the same model here.
type remoteTest struct {
	checkpoint    string
	standin       *servertest.Standin
	local, remote *Job
	given         *tokenizer.Tokenizer
	address       string
	options       server.Options
	said          []string
}

// newRemoteTest serves a small model as one kind of server.
func newRemoteTest(t *testing.T, kind string, bos bool, wrap func(http.Handler) http.Handler, change ...func(*Spec)) *remoteTest {
	t.Helper()
	x := &remoteTest{checkpoint: servertest.Checkpoint(t, map[string]any{"tokenizer.ggml.add_bos_token": bos})}
	m := servertest.Open(t, x.checkpoint)
	x.standin = &servertest.Standin{Kind: kind, Model: m, Name: "tiny", Context: 1024}
	var h http.Handler = x.standin
	if wrap != nil {
		h = wrap(h)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	x.address = server.Prefix + s.URL + "/v1#tiny"
	x.options = server.Options{Timeout: time.Second, Notice: func(text string) { x.said = append(x.said, text) }}
	small := append([]func(*Spec){func(s *Spec) { s.Items = []int{0, 1, 2, 3, 40, 41} }}, change...)
	x.local, x.remote = newTestJob(t, 2, small...), newTestJob(t, 2, small...)
	local, err := OpenLocal(x.checkpoint, LocalOptions{Mode: "exact", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { local.Close() })
	x.local.Local = local
	return x
}

// open probes the server as the command does.
func (x *remoteTest) open(t *testing.T) error {
	t.Helper()
	a, err := server.ParseAddress(x.address)
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.Open(context.Background(), a, x.options)
	if err != nil {
		return err
	}
	t.Cleanup(func() { s.Close() })
	j := x.remote
	j.Local, j.Remote, j.Mode = nil, NewRemote(s, x.given), results.ModeServer
	if j.Chat, err = j.Remote.Chat(j.Spec); err != nil {
		return err
	}
	return j.Remote.Probe(context.Background(), j.Spec, j.Chat)
}

// generating leaves only the task that generates.
func generating(j *Job) {
	j.Tasks = slices.DeleteFunc(j.Tasks, func(p *Prepared) bool { return p.Task.OutputType != tasks.GenerateUntil })
	j.Tasks[0].Task.LoglikelihoodContinuation = ""
}

// run runs both jobs and compares what they say.
func (x *remoteTest) run(t *testing.T) {
	t.Helper()
	for _, j := range []*Job{x.local, x.remote} {
		if _, err := j.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	want, got := samplesByItem(t, x.local.Out), samplesByItem(t, x.remote.Out)
	if len(got) != len(want) {
		t.Fatalf("%d samples, want %d", len(got), len(want))
	}
	for id, w := range want {
		g := got[id]
		if !slices.Equal(g.Generations, w.Generations) || !slices.Equal(g.Finish, w.Finish) || !slices.Equal(g.IsGreedy, w.IsGreedy) ||
			!maps.Equal(g.Metrics, w.Metrics) || g.PromptHash != w.PromptHash || !slices.Equal(g.ContextTokens, w.ContextTokens) ||
			!slices.Equal(g.ContinuationTokens, w.ContinuationTokens) || len(g.LogLikelihoods) != len(w.LogLikelihoods) {
			t.Errorf("%v:\n%+v, here\n%+v", id, g, w)
			continue
		}
		for i := range w.LogLikelihoods {
			if math.Abs(g.LogLikelihoods[i]-w.LogLikelihoods[i]) > 1e-9 {
				t.Errorf("%v: %v, here %v", id, g.LogLikelihoods, w.LogLikelihoods)
			}
		}
	}
}

// Every kind of server that scores prompts gives the scores and generations of
// this program's own engine, with its own tokenizer or a given one, with and
// without BOS.
func TestServersScoreAsTheEngine(t *testing.T) {
	for _, tt := range []struct {
		kind, scoring, prompts string
		bos, given             bool
	}{
		{server.VLLM, "prompt_logprobs", server.PromptIDs, true, false},
		{server.VLLM, "prompt_logprobs", server.PromptIDs, false, true},
		{server.SGLang, "echo", server.PromptIDs, true, true},
		{server.SGLang, "echo", server.PromptIDs, false, false},
		{server.LlamaCppP, "echo", server.PromptText, true, true},
		{server.LlamaCppP, "echo", server.PromptText, true, false},
		{server.TGI, "decoder_input_details", server.PromptText, true, true},
		{server.TGI, "decoder_input_details", server.PromptText, false, true},
		{server.OtherKind, "echo", server.PromptIDs, true, true},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			x := newRemoteTest(t, tt.kind, tt.bos, nil)
			if tt.given {
				x.given = x.local.Local.Tokenizer
			}
			if err := x.open(t); err != nil {
				t.Fatal(err)
			}
			if can := x.remote.Remote.Server.Can; can.Scoring != tt.scoring || can.Prompts != tt.prompts {
				t.Fatalf("%+v", can)
			}
			if err := x.remote.Remote.Check(x.remote.Tasks); err != nil {
				t.Fatal(err)
			}
			x.run(t)
			run, err := results.ReadRun(x.remote.Out)
			if err != nil || run.Config.Mode != results.ModeServer || run.Config.Server.Kind != tt.kind || run.Config.Model != "tiny" || run.ModelPath != x.address {
				t.Errorf("run.json has %+v, %v", run, err)
			}
		})
	}
}

// A server whose prompt log-probabilities are wrong or not to be had is
// refused for tasks that need them, and generates.
func TestServersThatCannotScoreGenerate(t *testing.T) {
	for _, tt := range []struct {
		name, kind, want string
		late             bool
	}{
		{"llama.cpp has no echo", server.LlamaCpp, "Only no echo is supported", false},
		{"llama-cpp-python without BOS", server.LlamaCppP, "--bos on", false},
		{"vLLM that is late", server.VLLM, "of its own generation", true},
		{"SGLang that is late", server.SGLang, "one token late", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := newRemoteTest(t, tt.kind, false, nil)
			x.standin.Late = tt.late
			if err := x.open(t); err != nil {
				t.Fatal(err)
			}
			err := x.remote.Remote.Check(x.remote.Tasks)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "task choice") {
				t.Fatalf("error is %v, want %q", err, tt.want)
			}
			generating(x.local)
			generating(x.remote)
			if err := x.remote.Remote.Check(x.remote.Tasks); err != nil {
				t.Fatal(err)
			}
			x.run(t)
		})
	}
}

// Without a tokenizer, prompts are text; without completions, dialogues.
func TestServersWithoutTokens(t *testing.T) {
	for _, tt := range []struct {
		name, kind    string
		chat, tokens  bool
		open, rolling string
	}{
		{name: "text", kind: server.OtherKind},
		{name: "dialogues", kind: servertest.ChatOnly, chat: true},
		{name: "dialogues, a template here", kind: server.VLLM, chat: true, tokens: true},
		{name: "no completions", kind: servertest.ChatOnly, open: "--chat sends dialogues"},
		{name: "no chat", kind: server.TGI, chat: true, open: "renders no dialogues"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := newRemoteTest(t, tt.kind, false, nil, func(s *Spec) { s.Chat = tt.chat })
			x.standin.Silent = true
			if tt.tokens {
				x.given = x.local.Local.Tokenizer
			}
			err := x.open(t)
			if tt.open != "" {
				if err == nil || !strings.Contains(err.Error(), tt.open) {
					t.Fatalf("error is %v, want %q", err, tt.open)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := x.remote.Remote.Check(x.remote.Tasks); (err == nil) != tt.tokens {
				t.Errorf("tasks that score: %v", err)
			}
			if x.local.Chat, err = x.local.Local.Chat(x.local.Spec); err != nil {
				t.Fatal(err)
			}
			for _, j := range []*Job{x.local, x.remote} {
				generating(j)
				reprepare(t, j)
				if _, err := j.Run(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			want := samplesByItem(t, x.local.Out)
			for id, s := range samplesByItem(t, x.remote.Out) {
				if !slices.Equal(s.Generations, want[id].Generations) || len(s.Generations) == 0 {
					t.Errorf("%v: %q, here %q", id, s.Generations, want[id].Generations)
				}
			}
		})
	}
}

// Faults of all kinds are ridden out and leave no trace in the results.
func TestFaultsLeaveNoTrace(t *testing.T) {
	kinds := slices.Sorted(maps.Keys(servertest.Faults))
	faulty := &servertest.Faulty{Kinds: kinds}
	x := newRemoteTest(t, server.VLLM, true, func(h http.Handler) http.Handler { faulty.Server = h; return faulty })
	x.options.Retries = 60
	x.options.Clock = &servertest.Clock{}
	x.options.Timeout = servertest.Time
	x.options.Notice = nil
	if err := x.open(t); err != nil {
		t.Fatal(err)
	}
	faulty.Share = 0.5
	x.run(t)
	for _, k := range kinds {
		if faulty.Failed[k] == 0 {
			t.Errorf("no fault of kind %s", k)
		}
	}
}

// A server that is busy while it is probed is not found to do less.
func TestBusyServersAreProbed(t *testing.T) {
	faulty := &servertest.Faulty{Share: 0.4, Kinds: []string{"429", "503", "cut", "closed"}}
	x := newRemoteTest(t, server.SGLang, true, func(h http.Handler) http.Handler { faulty.Server = h; return faulty })
	x.options.Clock = &servertest.Clock{}
	if err := x.open(t); err != nil {
		t.Fatal(err)
	}
	if can := x.remote.Remote.Server.Can; can.Scoring != "echo" || can.Prompts != server.PromptIDs || faulty.Failed["429"] == 0 {
		t.Errorf("%+v, failed %v", can, faulty.Failed)
	}
}

// A run that a dead server ended goes on where it was, and no item that is
// kept is asked for again.
func TestServerRunsResume(t *testing.T) {
	x := newRemoteTest(t, server.VLLM, true, nil)
	if err := x.open(t); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stopped by the test")
	ctx, cancel := context.WithCancelCause(context.Background())
	x.remote.afterItem = func(done int) {
		if done >= 3 {
			cancel(stop)
		}
	}
	if _, err := x.remote.Run(ctx); !errors.Is(err, stop) || !strings.Contains(err.Error(), "kept in") {
		t.Fatalf("error is %v", err)
	}
	x.remote.afterItem = nil
	x.run(t)
	run, err := results.ReadRun(x.remote.Out)
	if err != nil || run.Resumed != 1 || run.Plan.TokensComputed == 0 {
		t.Errorf("resumed %d times, %d tokens, %v", run.Resumed, run.Plan.TokensComputed, err)
	}
	before := x.standin.Asked.Load()
	if _, err := x.remote.Run(context.Background()); err != nil || x.standin.Asked.Load() != before {
		t.Errorf("a finished run asked again: %v", err)
	}
}

// The key reaches the server and no file or message.
func TestKeyIsNotKept(t *testing.T) {
	const key = "sk-secret-0123456789"
	x := newRemoteTest(t, server.VLLM, true, nil)
	x.standin.Key, x.options.Key = key, key
	if err := x.open(t); err != nil {
		t.Fatal(err)
	}
	x.run(t)
	err := filepath.WalkDir(x.remote.Out, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(key)) {
			t.Errorf("%s has the key", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	x.options.Key = "sk-wrong-9876543210"
	err = x.open(t)
	if err == nil || strings.Contains(err.Error(), "sk-wrong") || !strings.Contains(err.Error(), "OPENAI_API_KEY") {
		t.Errorf("error is %v", err)
	}
	for _, text := range x.said {
		if strings.Contains(text, "sk-") {
			t.Errorf("said %q", text)
		}
	}
}

// reprepare makes the prompts of the text task anew, with the job's template.
func reprepare(t *testing.T, j *Job) {
	t.Helper()
	dir := filepath.Dir(j.Out)
	task, err := tasks.ParseFile(filepath.Join(dir, "text.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	task.LoglikelihoodContinuation = ""
	store, err := dataset.NewStore(dataset.Options{CacheDir: dir, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Prepare(context.Background(), store, task, true, j.Spec, j.Chat)
	if err != nil {
		t.Fatal(err)
	}
	j.Tasks = []*Prepared{p}
}
