package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner"
)

func modelCommand() *cli.Command {
	return &cli.Command{
		Name:         "model",
		Usage:        "look at, fetch, check and convert checkpoints",
		UsageText:    "llamaeval model info smollm2-135m",
		OnUsageError: wrongUsage,
		Subcommands: []*cli.Command{modelPullCommand(), modelListCommand(), modelVerifyCommand(), modelQuantizeCommand(), {
			Name: "info", Usage: "show what a checkpoint is",
			ArgsUsage: "[MODEL]",
			UsageText: "llamaeval model info smollm2-135m\nllamaeval model info checkpoints/m.gguf --format json",
			Flags: flags(modelFlag(), offlineFlag(),
				formatFlag(), quietFlag()),
			OnUsageError: wrongUsage, Action: modelInfo,
		}, modelDiffCommand()},
	}
}

func offlineFlag() cli.Flag { return &cli.BoolFlag{Name: "offline", Usage: "fetch nothing"} }

func modelInfo(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	r, err := resolveNamed(c)
	if err != nil {
		return err
	}
	local, err := runner.OpenLocal(r.Path, runner.LocalOptions{Mode: "exact", Threads: 1})
	if err != nil {
		return err
	}
	defer local.Close()
	hash, err := local.Hash()
	if err != nil {
		return err
	}
	return describeModel(local, hash).Write(c.App.Writer, format)
}

func describeModel(l *runner.Local, hash string) results.Table {
	m := l.Model.Config()
	var types []string
	for _, name := range slices.Sorted(maps.Keys(m.Types)) {
		types = append(types, fmt.Sprintf("%s × %d", name, m.Types[name]))
	}
	t := results.Table{
		Columns: []results.Column{{Name: "property"}, {Name: "value"}},
		Value: map[string]any{
			"path": l.Path, "name": l.Name, "hash": hash, "architecture": m.Architecture, "parameters": m.Parameters, "types": m.Types,
			"context_length": m.ContextLength, "layers": m.Layers, "heads": m.Heads, "kv_heads": m.KVHeads, "embedding": m.Embedding,
			"feed_forward": m.FFN, "vocabulary": m.Vocab, "tied_output": m.Tied,
			"tokenizer": map[string]any{"hash": l.Tokenizer.Hash(), "tokens": l.Tokenizer.VocabSize(), "adds_bos": l.Tokenizer.AddBOS(), "chat_template": l.Tokenizer.ChatTemplate() != ""},
		},
	}
	add := func(property, format string, args ...any) {
		t.Rows = append(t.Rows, []string{property, fmt.Sprintf(format, args...)})
	}
	add("path", "%s", l.Path)
	add("name", "%s", l.Name)
	add("SHA-256", "%s", hash)
	add("architecture", "%s", m.Architecture)
	add("parameters", "%.1f M", float64(m.Parameters)/1e6)
	add("tensor types", "%s", strings.Join(types, ", "))
	add("context length", "%d", m.ContextLength)
	add("layers", "%d", m.Layers)
	add("heads", "%d query, %d key-value, of %d", m.Heads, m.KVHeads, m.HeadDim)
	add("widths", "%d embedding, %d feed-forward", m.Embedding, m.FFN)
	add("tokenizer", "%d tokens, BOS %s, chat template %s", l.Tokenizer.VocabSize(), yes(l.Tokenizer.AddBOS()), yes(l.Tokenizer.ChatTemplate() != ""))
	return t
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
