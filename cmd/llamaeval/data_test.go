package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// standIn is a hub with GSM8K alone: listings and redirects at the hub's
// address, bytes at another one, as the real hub has it.
type standIn struct {
	t       *testing.T
	hub     *httptest.Server
	storage *httptest.Server
	mirror  string
	refuse  func(w http.ResponseWriter, r *http.Request) bool // at the hub; true: answered
	cut     bool                                              // break the next transfer half way
	wrong   bool                                              // announce another hash
	ranges  []string                                          // of the storage's requests
}

func newStandIn(t *testing.T) *standIn {
	s := &standIn{t: t, mirror: t.TempDir()}
	for _, split := range []string{"train", "test"} {
		writeGSM8K(t, s.mirror, split)
	}
	s.hub, s.storage = httptest.NewServer(http.HandlerFunc(s.serveHub)), httptest.NewServer(http.HandlerFunc(s.serveBytes))
	t.Cleanup(s.hub.Close)
	t.Cleanup(s.storage.Close)
	work := t.TempDir()
	t.Chdir(work)
	for name, value := range map[string]string{
		"HF_ENDPOINT": s.hub.URL, "HF_TOKEN": "secret", "HF_HUB_OFFLINE": "", "LLAMAEVAL_HUB": "", "LLAMAEVAL_CACHE": filepath.Join(work, "cache"),
	} {
		t.Setenv(name, value)
	}
	return s
}

func (s *standIn) serveHub(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer secret" {
		s.t.Errorf("the hub is asked for %s without the token", r.URL)
	}
	if s.refuse != nil && s.refuse(w, r) {
		return
	}
	split, listed := strings.CutPrefix(r.URL.Path, "/api/datasets/openai/gsm8k/parquet/main/")
	file := filepath.Join(s.mirror, "openai/gsm8k/main", filepath.Base(r.URL.Path), "0000.parquet")
	data, err := os.ReadFile(file)
	switch {
	case err != nil:
		w.Header().Set("X-Error-Code", "EntryNotFound")
		http.NotFound(w, r)
	case listed:
		json.NewEncoder(w).Encode([]string{s.hub.URL + "/files/" + split})
	default:
		sum := sha256.Sum256(data)
		if s.wrong {
			sum[0]++
		}
		w.Header().Set("X-Linked-Etag", strconv.Quote(hex.EncodeToString(sum[:])))
		w.Header().Set("X-Linked-Size", strconv.Itoa(len(data)))
		w.Header().Set("X-Repo-Commit", "c0ffee")
		http.Redirect(w, r, s.storage.URL+"/"+filepath.Base(r.URL.Path), http.StatusFound)
	}
}

func (s *standIn) serveBytes(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" {
		s.t.Error("the token is sent to another host")
	}
	s.ranges = append(s.ranges, r.Header.Get("Range"))
	data, err := os.ReadFile(filepath.Join(s.mirror, "openai/gsm8k/main", r.URL.Path, "0000.parquet"))
	if err != nil {
		s.t.Error(err)
	}
	w.Header().Set("ETag", `"bytes"`)
	if s.cut {
		s.cut = false
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		w.Write(data[:len(data)/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// llamaeval runs a command line and checks its exit code and what it says.
func llamaeval(t *testing.T, want int, line string, says ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(strings.Fields("llamaeval "+line), &stdout, &stderr)
	said := stdout.String() + stderr.String()
	if code != want {
		t.Fatalf("%s: exit %d, want %d: %s", line, code, want, said)
	}
	for _, text := range says {
		if !strings.Contains(said, text) {
			t.Errorf("%s: does not say %q: %s", line, text, said)
		}
	}
	if strings.Contains(said, "secret") {
		t.Errorf("%s: the token was printed", line)
	}
	return said
}

// A transfer that breaks goes on where it stopped; a file that is damaged
// later is found, not used, and fetched again.
func TestDataPullVerify(t *testing.T) {
	s := newStandIn(t)
	llamaeval(t, exitDone, "data list gsm8k --format csv", "openai/gsm8k,main,test,,,no,,gsm8k")
	s.cut = true
	llamaeval(t, exitDone, "data pull gsm8k", "[1/2] fetching openai/gsm8k/main/test/0000.parquet", "unexpected EOF: ", "trying again in", "gsm8k: ready (2 splits)")
	if len(s.ranges) != 3 || !strings.HasPrefix(s.ranges[1], "bytes=") || s.ranges[1] == "bytes=0-" {
		t.Errorf("ranges asked for: %q", s.ranges)
	}
	llamaeval(t, exitDone, "data list gsm8k --format csv --quiet", "openai/gsm8k,main,test,1,", ",yes,c0ffee,gsm8k")
	llamaeval(t, exitDone, "data verify", "all 2 cached files")

	found, err := filepath.Glob("cache/datasets/*/openai/gsm8k/main/test/0000.parquet")
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(found[0], data, 0o644); err != nil {
		t.Fatal(err)
	}
	llamaeval(t, exitFailed, "data verify", "recorded is", "1 of 2 cached files are damaged", "`llamaeval data pull gsm8k`")
	llamaeval(t, exitFailed, "tasks show gsm8k --offline --shots 0 --format jsonl", "data pull gsm8k")
	s.ranges = nil
	llamaeval(t, exitDone, "data pull gsm8k")
	if len(s.ranges) != 1 {
		t.Errorf("%d files were fetched again, want the damaged one", len(s.ranges))
	}
	llamaeval(t, exitDone, "data verify", "all 2 cached files")
	s.hub.Close()
	llamaeval(t, exitDone, "tasks show gsm8k --offline --shots 2 --format jsonl")
}

func TestDataPullFails(t *testing.T) {
	for name, tt := range map[string]struct {
		prepare func(s *standIn)
		pull    string
		says    []string
	}{
		"gated": {func(s *standIn) {
			s.refuse = func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("X-Error-Code", "GatedRepo")
				w.WriteHeader(http.StatusForbidden)
				return true
			}
		}, "gsm8k", []string{"task gsm8k", "accept its terms", "the one in HF_TOKEN"}},
		"private":    {func(s *standIn) { s.refuse = refuse(http.StatusUnauthorized) }, "gsm8k", []string{"private, gated or absent", "HF_TOKEN"}},
		"wrong hash": {func(s *standIn) { s.wrong = true }, "gsm8k", []string{"openai/gsm8k/main/test/0000.parquet", "SHA-256", "fetched twice"}},
		"not there":  {func(s *standIn) {}, "mbpp,gsm8k", []string{"2 of 4 splits could not be fetched", "task mbpp", "404", "check the name"}},
		"nobody":     {func(s *standIn) { s.hub.Close() }, "gsm8k", []string{"not to be had"}},
		"offline":    {func(s *standIn) {}, "--offline gsm8k", []string{"leave --offline"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStandIn(t)
			tt.prepare(s)
			llamaeval(t, exitFailed, "data pull "+tt.pull, tt.says...)
			if name == "not there" { // the others came all the same
				llamaeval(t, exitDone, "tasks show gsm8k --offline --format jsonl")
			}
		})
	}
}

// A few-shot split that is nowhere does not keep a task without shots of its
// own from being ready.
func TestDataPullWithoutShots(t *testing.T) {
	s := newStandIn(t)
	if err := os.RemoveAll(filepath.Join(s.mirror, "openai/gsm8k/main/train")); err != nil {
		t.Fatal(err)
	}
	task := "task: own\ndataset_path: openai/gsm8k\ndataset_name: main\ntraining_split: train\ntest_split: test\ndoc_to_text: question\ndoc_to_target: answer\n"
	if err := os.WriteFile("own.yaml", []byte(task), 0o644); err != nil {
		t.Fatal(err)
	}
	llamaeval(t, exitDone, "data pull own --tasks-dir .", "warning: task own: ", "--shots 0, which is its own setting", "own: ready")
	llamaeval(t, exitDone, "tasks show own --tasks-dir . --offline --format jsonl")
	llamaeval(t, exitFailed, "data pull gsm8k", "train")
}

func refuse(code int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(code)
		return true
	}
}

// Away from a terminal a long transfer gives a line every ten seconds, on one
// it is redrawn in place.
func TestTransfers(t *testing.T) {
	now := time.Unix(0, 0)
	for live, want := range map[bool]string{
		false: "llamaeval: [2/3] fetching f (2.0 MB)\nllamaeval: [2/3] 1.0 MB of f (50%)\n",
		true:  "llamaeval: [2/3] fetching f (2.0 MB)\n\r\x1b[Kllamaeval: [2/3] 500 kB of f (25%)\r\x1b[Kllamaeval: [2/3] 1.0 MB of f (50%)\r\x1b[K",
	} {
		var out bytes.Buffer
		s := &transfers{out: &out, live: live, now: func() time.Time { return now }}
		s.begin(2, 3)
		for _, done := range []int64{1, 500_000, 1_000_000} {
			s.progress("f", done, 2_000_000)
			now = now.Add(5 * time.Second)
		}
		s.end()
		if out.String() != want {
			t.Errorf("live %v: %q", live, &out)
		}
	}
}
