package main

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/runner"
)

func shardFlag() cli.Flag {
	return &cli.StringFlag{Name: "shard", Usage: "only part `I/N` of the run, 1/N to N/N; merge joins the parts", DefaultText: "the whole run"}
}

// shardOf reads --shard; the zero value without it.
func shardOf(c *cli.Context) (runner.Shard, error) {
	if !c.IsSet("shard") {
		return runner.Shard{}, nil
	}
	s, err := runner.ParseShard(c.String("shard"))
	if err != nil {
		return s, usagef("%v", err)
	}
	for _, flag := range []string{"sequential", "against", "gate", "gate-file"} {
		if c.IsSet(flag) {
			return s, usagef("--shard and --%s exclude each other, a shard is no result: merge the shards, then `llamaeval compare BASE MERGED --gate EXPR`", flag)
		}
	}
	return s, nil
}

func mergeCommand() *cli.Command {
	return &cli.Command{
		Name:      "merge",
		Usage:     "join the shards of a run to what one run would have left",
		ArgsUsage: "DIR...",
		UsageText: "llamaeval run --task mmlu --shard 1/8 -o shards/1     # and so on, anywhere\nllamaeval merge shards/* -o results/m",
		Flags: flags(
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "the `FOLDER` of the whole run's results", DefaultText: "required"},
			&cli.StringSliceFlag{Name: "tasks-dir", Usage: "a `FOLDER` with your task files; may be repeated", DefaultText: "where the shards found them"},
			formatFlag(), quietFlag(),
		),
		OnUsageError: wrongUsage,
		Action:       mergeAction,
	}
}

func mergeAction(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	if c.NArg() == 0 {
		return usagef("merge takes the results folders of all shards: see `llamaeval merge --help`")
	}
	out := c.String("out")
	if out == "" {
		return usagef("merge needs -o FOLDER: see `llamaeval merge --help`")
	}
	shards, err := runner.OpenShards(c.Args().Slice())
	if err != nil {
		return err
	}
	origin := shards.Origin()
	if !c.IsSet("tasks-dir") {
		for _, dir := range origin.TasksDirs {
			if err := c.Set("tasks-dir", dir); err != nil {
				return err
			}
		}
	}
	r, err := registry(c)
	if err != nil {
		return err
	}
	selection, err := r.Resolve(origin.Selection)
	if err != nil {
		return fmt.Errorf("%w: give the folder of the run's task files with --tasks-dir", err)
	}
	report, err := runner.Merge(shards, selection.Tasks, selection.Groups, out, os.Args)
	if err != nil {
		return err
	}
	say := notice(c)
	for _, w := range report.Warnings {
		say("warning: " + w)
	}
	say("results are in " + out)
	return report.Write(c.App.Writer, format)
}
