package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/prompts"
	measured "github.com/llamaeval/llamaeval/results/divergence"
	"github.com/llamaeval/llamaeval/runner"
	"github.com/llamaeval/llamaeval/runner/divergence"
	"github.com/llamaeval/llamaeval/tasks"
)

func modelDiffCommand() *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "measure how far a quantised checkpoint is from its base",
		ArgsUsage: "BASE NEW",
		UsageText: "llamaeval model diff m-f16.gguf m-q4_0.gguf\nllamaeval model diff m-f16.gguf m-q4_0.gguf --text wiki.test.raw --limit 20",
		Flags: flags(
			&cli.StringFlag{Name: "task", Usage: "read the documents of this perplexity `TASK`", Value: "wikitext"},
			&cli.StringFlag{Name: "text", Usage: "read a text `FILE` instead, as one document", DefaultText: "none"},
			&cli.StringFlag{Name: "limit", Usage: "`N` documents, or a fraction such as 0.1; with --text, N windows", DefaultText: "all"},
			&cli.IntFlag{Name: "context", Usage: "windows of `N` tokens", DefaultText: "512; with --score all what the model holds"},
			&cli.StringFlag{Name: "score", Usage: "which tokens, a `RULE`: half (the second half of each window, as llama.cpp) or all (each once, as perplexity tasks)", Value: string(measured.SecondHalf)},
			dataFlags(),
			&cli.StringFlag{Name: "mode", Usage: "arithmetic `MODE`: exact, or fast (rounded factors)", Value: "exact"},
			machineFlags(), formatFlag(), quietFlag(),
		),
		OnUsageError: wrongUsage, Action: modelDiff,
	}
}

func modelDiff(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	if err := arguments(c, 2, 2, "two models, the base and the one held against it"); err != nil {
		return err
	}
	corpus, text, err := diffCorpus(c)
	if err != nil {
		return err
	}
	o := divergence.Options{Progress: display(c)}
	if o.Threads, err = threads(c); err != nil {
		return err
	}
	if o.Memory, err = memory(c); err != nil {
		return err
	}
	var both [2]*runner.Local
	for i := range both {
		if both[i], err = openNamed(c, c.Args().Get(i), c.String("mode"), o.Threads, nil); err != nil {
			return err
		}
		defer both[i].Close()
	}
	if err := divergence.Check(both[0], both[1]); err != nil {
		return err
	}
	if err := corpus.Fit(both[0], both[1]); err != nil {
		return usagef("--context: %v", err)
	}
	tally, err := divergence.Run(c.Context, both[0], both[1], corpus, o)
	if err != nil {
		return err
	}
	r := measured.Report{Text: text, Context: corpus.Context, Rule: corpus.Rule, Mode: c.String("mode"), Version: version}
	for i, to := range []*measured.Checkpoint{&r.Base, &r.New} {
		if *to, err = identity(both[i]); err != nil {
			return err
		}
	}
	r.Estimates = tally.Estimate(r.Base.Hash == r.New.Hash)
	return r.Write(c.App.Writer, format)
}

func identity(l *runner.Local) (measured.Checkpoint, error) {
	hash, err := l.Hash()
	return measured.Checkpoint{Name: l.Name, Path: l.Path, Hash: hash}, err
}

// diffCorpus reads the flags that say what text is read and how, and the text.
func diffCorpus(c *cli.Context) (corpus divergence.Corpus, text measured.Text, err error) {
	corpus = divergence.Corpus{Context: c.Int("context"), Rule: measured.Rule(c.String("score"))}
	if corpus.Rule != measured.SecondHalf && corpus.Rule != measured.All {
		return corpus, text, usagef("--score %s is neither half nor all: use one of them", corpus.Rule)
	}
	if c.IsSet("context") && corpus.Context < 1 {
		return corpus, text, usagef("--context %d: give a number of tokens, such as 512", corpus.Context)
	}
	if err := checkDevice("cpu", c.String("mode")); err != nil {
		return corpus, text, err
	}
	var limit runner.Limit
	if c.IsSet("limit") {
		if limit, err = runner.ParseLimit(c.String("limit")); err != nil {
			return corpus, text, usagef("%v", err)
		}
	}
	if !c.IsSet("text") {
		corpus.Documents, text, err = taskText(c, limit)
		return corpus, text, err
	}
	if c.IsSet("task") {
		return corpus, text, usagef("--task and --text exclude each other: leave one out")
	}
	if limit.Fraction > 0 {
		return corpus, text, usagef("--limit %s: with --text, a whole number of windows", c.String("limit"))
	}
	corpus.Chunks = limit.Count
	corpus.Documents, text, err = fileText(c.String("text"))
	text.Limited = limit.Count > 0
	return corpus, text, err
}

// taskText is the texts of a task's documents.
func taskText(c *cli.Context, limit runner.Limit) ([]divergence.Document, measured.Text, error) {
	var text measured.Text
	r, err := registry(c)
	if err != nil {
		return nil, text, err
	}
	selection, err := r.Resolve([]string{c.String("task")})
	if err != nil {
		return nil, text, err
	}
	if len(selection.Tasks) != 1 || selection.Tasks[0].OutputType != tasks.LoglikelihoodRolling {
		return nil, text, usagef("--task %s is no task that scores whole texts (loglikelihood_rolling), such as wikitext", c.String("task"))
	}
	task := selection.Tasks[0]
	data, err := store(c, c.Bool("sample"))
	if err != nil {
		return nil, text, err
	}
	p, err := runner.Prepare(c.Context, data, task, false, runner.Spec{Limit: limit, BOS: "auto"}, nil)
	if err != nil {
		return nil, text, explainMissing(c, task.Name, err)
	}
	var out []divergence.Document
	for item, err := range p.Builder.Items(p.IDs) {
		if err != nil {
			return nil, text, fmt.Errorf("task %s: %w", task.Name, err)
		}
		for _, q := range item.Requests {
			if q.Kind == prompts.Rolling {
				out = append(out, divergence.Document{Name: fmt.Sprintf("task %s, doc %d", task.Name, item.DocID), Text: q.Continuation})
			}
		}
	}
	return out, measured.Text{Name: task.Name, Documents: len(out), DataHash: p.DataHash, Limited: len(p.IDs) < p.Size, Sample: p.Sample}, nil
}

// fileText is a text file as one document.
func fileText(path string) ([]divergence.Document, measured.Text, error) {
	var text measured.Text
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, text, err
	}
	if !utf8.Valid(data) {
		return nil, text, fmt.Errorf("%s is not text in UTF-8: convert it first, for example with iconv", path)
	}
	hash := sha256.Sum256(data)
	text = measured.Text{Name: filepath.Base(path), Documents: 1, DataHash: hex.EncodeToString(hash[:])}
	return []divergence.Document{{Name: path, Text: string(data)}}, text, nil
}
