package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/results"
)

// The whole program on a random checkpoint of each architecture, with a small
// tokenizer of the family's kind: what is scored and generated is the same, bit
// for bit, from the folder and from the GGUF file, `model verify` finds nothing
// wrong, and a quantised file can be held against the folder.
func TestCheckpoints(t *testing.T) {
	dir := sharedtest.Checkpoints(t)
	text, err := os.ReadFile(filepath.Join(dir, "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name, Tokenizer string
		Formats         []string
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LLAMAEVAL_CACHE", t.TempDir())
	page := filepath.Join(t.TempDir(), "page.txt")
	if err := os.WriteFile(page, []byte(strings.Repeat("the old mill stands where 2 streams meet. ", 5)), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			folder := filepath.Join(dir, c.Name)
			want := scored(t, folder)
			if slices.Contains(c.Formats, "gguf") {
				got := scored(t, folder+".gguf")
				var options cmp.Options
				if c.Tokenizer == "json" { // bytes that are no UTF-8 are decoded as each library does it
					options = cmp.Options{cmpopts.IgnoreFields(results.Sample{}, "Generations", "Filtered", "Metrics")}
				}
				if diff := cmp.Diff(want, got, options); diff != "" {
					t.Errorf("folder and GGUF file differ:\n%s", diff)
				}
				mustRun(t, "model", "diff", folder, folder+".gguf", "--text", page, "--score", "all", "--quiet")
			}
			small := filepath.Join(t.TempDir(), "q8.gguf")
			mustRun(t, "model", "quantize", folder, "--type", "Q8_0", "-o", small, "--quiet")
			mustRun(t, "model", "verify", small)
			if out := mustRun(t, "model", "diff", folder, small, "--text", page, "--score", "all", "--quiet", "--format", "csv"); !strings.Contains(out, "kl_mean,") {
				t.Errorf("model diff printed %s", out)
			}
		})
	}
}

// scored verifies a checkpoint, and returns what it makes of two documents that
// are scored and two for which text is generated.
func scored(t *testing.T, path string) []results.Sample {
	t.Helper()
	mustRun(t, "model", "verify", path)
	out := filepath.Join(t.TempDir(), "out")
	mustRun(t, "run", "--model", path, "--task", "piqa,gsm8k", "--sample", "--limit", "2", "--shots", "0", "--out", out, "--quiet")
	var all []results.Sample
	for s, err := range results.ReadSamples(out) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if len(all) != 4 {
		t.Fatalf("%d samples", len(all))
	}
	return all
}

// mustRun runs the program and returns what it prints.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, code := tryRun(t, args...)
	if code != exitDone {
		t.Fatalf("%s: exit %d: %s", strings.Join(args, " "), code, out)
	}
	return out
}

// tryRun runs the program and returns what it prints and its exit code.
func tryRun(t *testing.T, args ...string) (string, int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(append([]string{"llamaeval"}, args...), &stdout, &stderr)
	if code != exitDone {
		return stdout.String() + stderr.String(), code
	}
	return stdout.String(), code
}
