package main

import (
	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/leaderboard"
)

func leaderboardCommand() *cli.Command {
	return &cli.Command{
		Name:      "leaderboard",
		Usage:     "rank runs of many models, with ties where no difference is shown",
		ArgsUsage: "DIR...",
		UsageText: "llamaeval leaderboard results/a results/b\nllamaeval leaderboard results/* --format markdown\nllamaeval leaderboard s3://bucket/results",
		Flags: flags(
			&cli.StringFlag{Name: "reference", Usage: "add published values, marked and without rank: `NAME` is llama2-paper", DefaultText: "none"},
			formatFlag(leaderboard.Formats()...), quietFlag(),
		),
		OnUsageError: wrongUsage,
		Action:       leaderboardAction,
	}
}

func leaderboardAction(c *cli.Context) error {
	format, err := outputFormat(c, leaderboard.Formats()...)
	if err != nil {
		return err
	}
	if c.NArg() == 0 {
		return usagef("leaderboard takes one or more results folders: see `llamaeval leaderboard --help`")
	}
	published, err := publishedValues(c)
	if err != nil {
		return err
	}
	board, err := leaderboard.Build(c.Args().Slice(), published)
	if err != nil {
		return err
	}
	for _, text := range board.Notices {
		notice(c)(text)
	}
	board.Width = results.TerminalWidth(c.App.Writer)
	return board.Write(c.App.Writer, format)
}
