package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/tasks/sample"
)

// The command of the README, as typed: data comes from the hub over HTTP, and
// afterwards from the cache, without any network.
func TestRunAsTyped(t *testing.T) {
	mirror := t.TempDir()
	for _, split := range []string{"train", "test"} {
		writeGSM8K(t, mirror, split)
	}
	requests := 0
	files := http.FileServer(http.Dir(mirror))
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		if r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("%s came without the token", r.URL)
		}
		files.ServeHTTP(w, r)
	}))
	defer hub.Close()
	work := t.TempDir()
	t.Chdir(work)
	for name, value := range map[string]string{
		"HF_ENDPOINT": hub.URL, "HF_TOKEN": "secret", "HF_HUB_OFFLINE": "", "LLAMAEVAL_HUB": "",
		"LLAMAEVAL_CACHE": filepath.Join(work, "cache"),
		"LLAMAEVAL_MODEL": tinymodel.New(t, tinymodel.Options{Seed: 1, Context: 8192}),
	} {
		t.Setenv(name, value)
	}
	var stdout, stderr bytes.Buffer
	if code := run(strings.Fields("llamaeval data pull gsm8k"), &stdout, &stderr); code != exitDone || !strings.Contains(stderr.String(), "gsm8k: ready") {
		t.Fatalf("data pull: exit %d: %s", code, &stderr)
	}
	if code := run(strings.Fields("llamaeval data list --format csv"), &stdout, &stderr); code != exitDone || !strings.Contains(stdout.String(), "openai/gsm8k,main,train,1,") {
		t.Fatalf("data list: exit %d: %s%s", code, &stdout, &stderr)
	}
	stdout.Reset()
	if code := run(strings.Fields("llamaeval run --task gsm8k --shots 8"), &stdout, &stderr); code != exitDone {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	if !strings.Contains(stdout.String(), "strict-match") || strings.Contains(stdout.String(), "sample") {
		t.Errorf("printed %s", &stdout)
	}
	if strings.Contains(stdout.String()+stderr.String(), "secret") {
		t.Error("the token was printed")
	}
	if requests == 0 {
		t.Error("the hub was never asked")
	}
	hub.Close()
	if code := run(strings.Fields("llamaeval run --task gsm8k --shots 8 --offline --out again --quiet"), &stdout, &stderr); code != exitDone {
		t.Fatalf("offline afterwards: exit %d: %s", code, &stderr)
	}
}

// A token reaches the hub and nothing else, and a password in an address, which
// is refused, not even that: no message, not the results, not the cache, whether all goes well or not.
func TestNoSecretIsKept(t *testing.T) {
	mirror := t.TempDir()
	for _, split := range []string{"train", "test"} {
		writeGSM8K(t, mirror, split)
	}
	const token, password = "hf_0nlyForTheHub", "pa55w0rd"
	broken, seen := true, map[string]bool{}
	files := http.FileServer(http.Dir(mirror))
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen[r.Header.Get("Authorization")] = true
		if broken { // and rude: it repeats what it was given
			http.Error(w, r.Header.Get("Authorization"), http.StatusForbidden)
			return
		}
		files.ServeHTTP(w, r)
	}))
	defer hub.Close()
	work := t.TempDir()
	t.Chdir(work)
	for name, value := range map[string]string{
		"HF_ENDPOINT": hub.URL, "HF_TOKEN": token, "HF_HUB_OFFLINE": "", "LLAMAEVAL_HUB": "",
		"LLAMAEVAL_CACHE": filepath.Join(work, "cache"),
		"LLAMAEVAL_MODEL": tinymodel.New(t, tinymodel.Options{Seed: 1, Context: 8192}),
	} {
		t.Setenv(name, value)
	}
	withPassword := strings.Replace(hub.URL, "://", "://user:"+password+"@", 1)
	var out bytes.Buffer
	for _, command := range []string{
		"llamaeval run --task gsm8k --shots 1 --limit 1",
		"llamaeval run --task gsm8k --shots 1 --limit 1 --hub " + withPassword,
		"llamaeval run --model hf:org/name --task gsm8k --shots 1 --limit 1",
	} {
		if code := run(strings.Fields(command), &out, &out); code == exitDone {
			t.Errorf("%s: nothing failed", command)
		}
	}
	broken = false
	for _, command := range []string{
		"llamaeval run --task gsm8k --shots 1 --limit 1 --hub " + hub.URL + " --out a",
		"llamaeval run --task gsm8k --shots 1 --limit 1 --out b",
		"llamaeval reproduce a",
		"llamaeval doctor",
	} {
		if code := run(strings.Fields(command), &out, &out); code != exitDone {
			t.Errorf("%s: exit %d: %s", command, code, &out)
		}
	}
	if !seen["Bearer "+token] {
		t.Error("the hub never got the token")
	}
	for _, secret := range []string{token, password} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s was printed: %s", secret, &out)
		}
	}
	err := filepath.WalkDir(work, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range []string{token, password} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds %s", path, secret)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// writeGSM8K writes the embedded sample as a split in the hub's layout.
func writeGSM8K(t *testing.T, mirror, split string) {
	t.Helper()
	type row struct {
		Question string `parquet:"question" json:"question"`
		Answer   string `parquet:"answer" json:"answer"`
	}
	lines, ok := sample.Open("openai/gsm8k", "main", split)
	if !ok {
		t.Fatalf("no sample of split %s", split)
	}
	var rows []row
	for line := range bytes.Lines(lines) {
		var r row
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	dir := filepath.Join(mirror, "openai", "gsm8k", "main", split)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := parquet.WriteFile(filepath.Join(dir, "0000.parquet"), rows); err != nil {
		t.Fatal(err)
	}
}
