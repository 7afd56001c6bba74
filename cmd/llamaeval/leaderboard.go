package main

import (
	"io"
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/llamaeval/llamaeval/results/leaderboard"
)

func leaderboardCommand() *cli.Command {
	return &cli.Command{
		Name:      "leaderboard",
		Usage:     "rank runs of many models, with ties where no difference is shown",
		ArgsUsage: "DIR...",
		UsageText: "llamaeval leaderboard results/a results/b\nllamaeval leaderboard results/* --reference llama2-paper --format markdown\nllamaeval leaderboard s3://bucket/results",
		Flags: flags(
			&cli.StringFlag{Name: "reference", Usage: "add published values, marked and without rank: `NAME` llama2-paper"},
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
	board.Width = terminalWidth(c.App.Writer)
	return board.Write(c.App.Writer, format)
}

// terminalWidth is how many characters fit a line of the terminal that w is; 0
// if it is none, or hardly one.
func terminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 40 {
		return 0
	}
	return width
}
