package main

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks/dataset"
)

func dataCommand() *cli.Command {
	return &cli.Command{
		Name:         "data",
		Usage:        "list and fetch the datasets of tasks",
		UsageText:    "llamaeval data pull gsm8k\nllamaeval data list",
		OnUsageError: wrongUsage,
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list the datasets in the cache",
				UsageText:    "llamaeval data list",
				Flags:        flags(dataFlags(), formatFlag(), quietFlag()),
				OnUsageError: wrongUsage, Action: dataList,
			},
			{
				Name: "pull", Usage: "fetch all that tasks need, so that they run offline",
				ArgsUsage:    "TASK...",
				UsageText:    "llamaeval data pull gsm8k hellaswag",
				Flags:        flags(dataFlags(), quietFlag()),
				OnUsageError: wrongUsage, Action: dataPull,
			},
		},
	}
}

func dataList(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	if err := noArguments(c); err != nil {
		return err
	}
	s, err := store(c, c.Bool("sample"))
	if err != nil {
		return err
	}
	entries, err := s.Cached()
	if err != nil {
		return err
	}
	t := results.Table{Columns: []results.Column{{Name: "dataset"}, {Name: "config"}, {Name: "split"}, {Name: "files", Right: true}, {Name: "bytes", Right: true}}}
	for _, e := range entries {
		t.Rows = append(t.Rows, []string{e.Repo, e.Config, e.Split, strconv.Itoa(e.Files), strconv.FormatInt(e.Bytes, 10)})
	}
	return t.Write(c.App.Writer, format)
}

func dataPull(c *cli.Context) error {
	if c.NArg() == 0 {
		return usagef("data pull takes tasks, for example `llamaeval data pull gsm8k`")
	}
	r, err := registry(c)
	if err != nil {
		return err
	}
	selection, err := r.Resolve(splitNames(c.Args().Slice()))
	if err != nil {
		return err
	}
	s, err := store(c, c.Bool("sample"))
	if err != nil {
		return err
	}
	for _, t := range selection.Tasks {
		ref := dataset.Ref{Path: t.DatasetPath, Config: t.DatasetName, Kwargs: t.DatasetKwargs, Dir: t.Dir}
		splits := []string{t.TestSplit, t.ValidationSplit, t.TrainSplit}
		if path := t.Fewshot.DatasetPath; path == "" {
			splits = append(splits, t.Fewshot.Split)
		} else if err := s.Pull(c.Context, dataset.Ref{Path: path, Config: t.Fewshot.DatasetName}, []string{t.Fewshot.Split}); err != nil {
			return fmt.Errorf("task %s: %w", t.Name, err)
		}
		splits = slices.DeleteFunc(splits, func(split string) bool { return split == "" })
		if err := s.Pull(c.Context, ref, splits); err != nil {
			return fmt.Errorf("task %s: %w", t.Name, err)
		}
		notice(c)(t.Name + ": ready")
	}
	return nil
}
