package main

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/model/checkpoint"
	"github.com/llamaeval/llamaeval/model/fetch"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks/hub"
)

func modelPullCommand() *cli.Command {
	return &cli.Command{
		Name: "pull", Usage: "fetch a checkpoint, so that it can be used offline",
		ArgsUsage:    "[MODEL]",
		UsageText:    "llamaeval model pull hf:org/name\nllamaeval model pull hf:org/name@v1.0:name-Q8_0.gguf",
		Flags:        flags(modelFlag(), formatFlag(), quietFlag()),
		OnUsageError: wrongUsage, Action: modelPull,
	}
}

// modelPull prints where the checkpoint is and what it is.
func modelPull(c *cli.Context) error {
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
	t := results.Table{
		Columns: []results.Column{{Name: "property"}, {Name: "value"}},
		Rows:    [][]string{{"path", r.Path}, {"name", r.Name}, {"architecture", f.Architecture()}},
		Value:   map[string]any{"path": r.Path, "name": r.Name, "architecture": f.Architecture(), "files": f.Paths()},
	}
	for _, path := range f.Paths() {
		t.Rows = append(t.Rows, []string{"file", filepath.Base(path)})
	}
	return t.Write(c.App.Writer, format)
}

func modelListCommand() *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "show the checkpoints on this machine that have a name",
		UsageText:    "llamaeval model list",
		Flags:        flags(formatFlag(), quietFlag()),
		OnUsageError: wrongUsage, Action: modelList,
	}
}

func modelList(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	if err := noArguments(c); err != nil {
		return err
	}
	cache, err := cacheDir()
	if err != nil {
		return err
	}
	h, err := newModelHub(c)
	if err != nil {
		return err
	}
	kept, err := h.Checkpoints()
	if err != nil {
		return err
	}
	found := fetch.Local(fetch.Options{CacheDir: cache})
	for _, k := range kept {
		found = append(found, fetch.Found{Source: "cache", Name: pulledName(k), Path: k.Dir, Bytes: k.Bytes})
	}
	slices.SortStableFunc(found, func(a, b fetch.Found) int { return strings.Compare(a.Name, b.Name) })
	t := results.Table{Columns: []results.Column{{Name: "model"}, {Name: "kept by"}, {Name: "size", Right: true}, {Name: "path"}}}
	models := make([]map[string]any, 0, len(found))
	for _, f := range found {
		t.Rows = append(t.Rows, []string{f.Name, f.Source, humanBytes(f.Bytes), f.Path})
		models = append(models, map[string]any{"model": f.Name, "kept_by": f.Source, "bytes": f.Bytes, "path": f.Path})
	}
	t.Value = map[string]any{"models": models}
	return t.Write(c.App.Writer, format)
}

// pulledName is what --model calls a checkpoint of the cache.
func pulledName(k hub.Checkpoint) string {
	name := "hf:" + k.Repo
	if k.Revision != "main" {
		name += "@" + k.Revision
	}
	if k.File != "" {
		name += ":" + k.File
	}
	return name
}
