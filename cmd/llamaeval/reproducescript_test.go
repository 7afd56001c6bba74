package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/model/fetch"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner"
)

// The flags of a script are read as the configuration that they were made of.
func TestRunFlagsAreTheConfiguration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := results.Config{
			Seed: rapid.Int64().Draw(t, "seed"), FewShot: rapid.SampledFrom([]string{"fixed", "reference"}).Draw(t, "fewshot"),
			System: rapid.String().Draw(t, "system"), BOS: rapid.SampledFrom([]string{"auto", "on", "off"}).Draw(t, "bos"),
			Chat: rapid.Bool().Draw(t, "chat"), Mode: "exact", Device: "cpu",
		}
		if c.Chat {
			c.ChatShots = rapid.SampledFrom([]string{"turns", "message"}).Draw(t, "shots as")
		}
		if rapid.Bool().Draw(t, "shots given") {
			n := rapid.IntRange(0, 30).Draw(t, "shots")
			c.Shots = &n
		}
		switch rapid.IntRange(0, 3).Draw(t, "documents") {
		case 1:
			c.Documents.Limit = float64(rapid.IntRange(1, 1<<40).Draw(t, "limit"))
		case 2:
			c.Documents.Limit = rapid.Float64Range(1e-9, 0.999).Draw(t, "fraction")
		case 3:
			c.Documents.Items = rapid.SliceOfN(rapid.IntRange(0, 1e6), 1, 5).Draw(t, "items")
		}
		if rapid.Bool().Draw(t, "random") {
			c.Documents.LimitOrder = "random"
		}
		c.Generation = map[string]any{}
		if rapid.Bool().Draw(t, "drawn") {
			c.Generation["temperature"] = rapid.Float64Range(0, 2).Draw(t, "temperature")
			c.Generation["until"] = []any{rapid.String().Draw(t, "until"), "a,b=c"}
			c.Generation["n"] = float64(rapid.IntRange(1, 50).Draw(t, "n"))
		}
		want, err := runner.StoredSpec(c)
		if err != nil {
			t.Fatal(err)
		}
		var got runner.Spec
		app := newApp(io.Discard, io.Discard)
		find(app.Commands, "run").Action = func(c *cli.Context) (err error) { got, err = spec(c); return err }
		arranged, err := arrange(app, append([]string{"llamaeval", "run"}, runFlags(results.Run{Config: c})...))
		if err == nil {
			err = app.RunContext(context.Background(), arranged)
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v\n%+v, want\n%+v", err, got, want)
		}
	})
}

func storedRun() results.Run {
	return results.Run{
		ConfigHash: strings.Repeat("0123456789abcdef", 4), Version: "v1.2.3", ModelPath: "/models/m.gguf", OS: "linux", Arch: "amd64",
		Config: results.Config{Tasks: []results.TaskConfig{{Name: "gsm8k"}}, ModelHash: strings.Repeat("ab", 32), Device: "cpu"},
		Files:  map[string]string{results.SamplesFile: strings.Repeat("cd", 32)},
	}
}

// Program and model are named as they can be had.
func TestScriptNamesProgramAndModel(t *testing.T) {
	const module = "go install 'github.com/llamaeval/llamaeval/cmd/llamaeval@"
	commit := strings.Repeat("0a", 20)
	for _, tt := range []struct {
		name string
		edit func(*results.Run)
		want []string
	}{
		{"release", func(*results.Run) {}, []string{module + "v1.2.3'", "model='/models/m.gguf'", "'--task=gsm8k'", "cdcd  samples.parquet"}},
		{"described", func(r *results.Run) { r.Version = "v0.1.0-5-gabc1234-dirty" }, []string{module + "abc1234'", "from a changed checkout"}},
		{"module's", func(r *results.Run) { r.Version = "v0.0.0-20260101000000-0123456789ab+dirty" }, []string{module + "v0.0.0-20260101000000-0123456789ab'", "from a changed checkout"}},
		{"commit", func(r *results.Run) { r.Version = "abc1234" }, []string{module + "abc1234'"}},
		{"no version", func(r *results.Run) { r.Version = "source" }, []string{`is not known ("source")`}},
		{"gpu", func(r *results.Run) { r.Config.Device = "cuda" }, []string{"`make cuda`"}},
		{"alias", func(r *results.Run) { r.Config.ModelHash = fetch.Aliases()[0].SHA256 }, []string{"model='smollm2-135m'", "grep -q " + fetch.Aliases()[0].SHA256}},
		{"hub", func(r *results.Run) {
			r.Command = []string{"llamaeval", "run", "--model", "hf:org/name:f.gguf"}
			r.ModelPath = "/cache/x/" + commit + "/f.gguf"
		}, []string{"model='hf:org/name@" + commit + ":f.gguf'"}},
		{"hub, pinned", func(r *results.Run) { r.Command = []string{"llamaeval", "run", "--model=hf:org/name@v1"} }, []string{"model='hf:org/name@v1'"}},
		{"server", func(r *results.Run) {
			r.Config.Server, r.Config.ModelHash = &results.Server{Kind: "vllm"}, ""
			r.Command = []string{"llamaeval", "run", "--model", "openai:http://h/v1#m", "--tokenizer", "t.json"}
		}, []string{"model='openai:http://h/v1#m'", "'--tokenizer=t.json'"}},
	} {
		run := storedRun()
		tt.edit(&run)
		text, err := scriptOf(run)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range tt.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %s in\n%s", tt.name, want, text)
			}
		}
		if got := strings.Contains(text, "samples.parquet"); got == (run.Config.Server != nil) {
			t.Errorf("%s: bits compared: %v", tt.name, got)
		}
	}
}

// No text of a run.json, which may come from anybody, becomes a command.
func TestScriptQuotesItsTexts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no sh")
	}
	for _, evil := range []string{"'; touch pwned; '", "$(touch pwned)", "`touch pwned`", "x\ntouch pwned\n", "\\'\ntouch pwned #", "}; touch pwned; {", "SUMS\ntouch pwned", "-x", "é\x1b[31m"} {
		run := storedRun()
		run.OS, run.Arch, run.Version, run.ModelPath, run.ChatSource, run.Config.ISA, run.Config.Model = evil, evil, evil, evil, evil, evil, evil
		run.Origin = results.Origin{Selection: []string{evil}, TasksDirs: []string{evil}, Hub: evil, Against: evil}
		run.Command = []string{"llamaeval", "run", "--sandbox", evil}
		c := &run.Config
		c.FewShot, c.System, c.BOS, c.Chat, c.ChatShots, c.ChatTemplate, c.Mode, c.Device, c.Sandbox = evil, evil, evil, true, evil, evil, evil, evil, "wasm"+evil
		c.Generation = map[string]any{"until": evil}
		c.Documents = results.Documents{LimitOrder: evil, Shard: evil, Sequential: &results.Sequential{Gates: []string{evil}, Base: evil}}
		run.Files[results.ScoresFile] = evil
		text, err := scriptOf(run)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "#") && strings.Contains(line, "\x1b") {
				t.Errorf("a comment steers the terminal: %q", line)
			}
		}
		dir := t.TempDir()
		// A llamaeval that is any model, and leaves a folder.
		stub := "#!/bin/sh\nfor a; do case $a in --out=*) mkdir -p \"${a#--out=}\" ;; esac; done\necho " + run.Config.ModelHash + "\n"
		for name, content := range map[string]string{"llamaeval": stub, "go": "#!/bin/sh\n", "script": text} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		sh := exec.Command("sh", "script")
		sh.Dir, sh.Env = dir, append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
		out, _ := sh.CombinedOutput() // the sums differ
		if !strings.Contains(string(out), "samples.parquet") {
			t.Errorf("%q: the script did not come to its end: %s\n%s", evil, out, text)
		}
		found, err := filepath.Glob(filepath.Join(dir, "*pwned*"))
		deeper, _ := filepath.Glob(filepath.Join(dir, "*", "*pwned*"))
		if err != nil || len(found)+len(deeper) > 0 {
			t.Errorf("%q ran a command:\n%s", evil, text)
		}
	}
}
