package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/model/checkpoint"
	"github.com/llamaeval/llamaeval/model/fetch"
	"github.com/llamaeval/llamaeval/model/gguf"
	"github.com/llamaeval/llamaeval/results"
)

func modelVerifyCommand() *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "check a checkpoint's hashes, weights and tokenizer",
		ArgsUsage:    "[MODEL]",
		UsageText:    "llamaeval model verify checkpoints/m.gguf",
		Flags:        flags(modelFlag(), offlineFlag(), formatFlag(), quietFlag()),
		OnUsageError: wrongUsage, Action: modelVerify,
	}
}

// A verdict is one check and what it found; failed ones make the exit code 1.
type verdict struct {
	check, subject, result string
	failed                 bool
}

func modelVerify(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	r, err := resolveNamed(c)
	if err != nil {
		return err
	}
	f, err := checkpoint.Open(r.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	h, err := newModelHub(c)
	if err != nil {
		return err
	}
	findings := hashFindings(c.Context, r, f, h)
	if err := context.Cause(c.Context); err != nil {
		return err
	}
	findings = append(findings, weightFindings(f)...)
	findings = append(findings, tokenizerFinding(f))
	return printFindings(c, findings, format)
}

// hashFindings compares each file with the hash of when it was fetched, or
// that its source states.
func hashFindings(ctx context.Context, r fetch.Resolved, f *gguf.File, h modelHub) []verdict {
	kept, _ := h.Checkpoints() // without a cache nothing is known
	var out []verdict
	for _, path := range f.Paths() {
		known, err := r.CheckHash(path)
		for _, k := range kept {
			rel, relErr := filepath.Rel(k.Dir, path)
			if _, ours := k.Files[filepath.ToSlash(rel)]; relErr == nil && ours && !known {
				known, err = true, k.VerifyFile(ctx, filepath.ToSlash(rel))
			}
		}
		out = append(out, found("hash", filepath.Base(path), known, err))
	}
	return out
}

func found(check, subject string, known bool, err error) verdict {
	switch {
	case err != nil:
		return verdict{check, subject, oneLine(err.Error()), true}
	case !known:
		return verdict{check, subject, "nothing states what it should be", false}
	}
	return verdict{check, subject, "ok", false}
}

func weightFindings(f *gguf.File) []verdict {
	bad, err := checkpoint.Scan(f)
	if err != nil {
		return []verdict{found("weights", filepath.Base(f.Path), true, err)}
	}
	var out []verdict
	for _, b := range bad {
		out = append(out, verdict{"weights", b.Tensor, fmt.Sprintf("%d NaN, %d infinite", b.NaN, b.Infinite), true})
	}
	if len(out) == 0 {
		out = append(out, verdict{"weights", fmt.Sprintf("%d tensors", len(f.Tensors())), "ok", false})
	}
	return out
}

func tokenizerFinding(f *gguf.File) verdict {
	t, err := checkpoint.Tokenizer(f)
	if err != nil {
		return found("tokenizer", filepath.Base(f.Path), true, err)
	}
	rows := 0
	if x, ok := f.Tensor("token_embd.weight"); ok && len(x.Shape) == 2 {
		rows = x.Shape[1]
	}
	return found("tokenizer", fmt.Sprintf("%d tokens", t.VocabSize()), true, checkpoint.SelfTest(t, rows))
}

func printFindings(c *cli.Context, findings []verdict, format string) error {
	t := results.Table{Columns: []results.Column{{Name: "check"}, {Name: "of"}, {Name: "result"}}}
	var failed []string
	checks := make([]map[string]any, 0, len(findings))
	for _, f := range findings {
		t.Rows = append(t.Rows, []string{f.check, f.subject, f.result})
		checks = append(checks, map[string]any{"check": f.check, "of": f.subject, "result": f.result, "passed": !f.failed})
		if f.failed {
			failed = append(failed, f.check+" of "+f.subject+": "+f.result)
		}
	}
	t.Value = map[string]any{"checks": checks}
	if err := t.Write(c.App.Writer, format); err != nil {
		return err
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d checks failed: %s", len(failed), len(findings), strings.Join(failed[:min(3, len(failed))], "; "))
	}
	return nil
}
