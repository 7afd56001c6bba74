package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/results"
	page "github.com/llamaeval/llamaeval/results/report"
	"github.com/llamaeval/llamaeval/runner"
)

func reportCommand() *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "write results as one page to look at in a browser",
		ArgsUsage: "DIR...",
		UsageText: "llamaeval report results/m1 results/m2 -o report.html",
		Flags: flags(
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "the page's `FILE`", DefaultText: "required"},
			quietFlag(),
		),
		OnUsageError: wrongUsage,
		Action:       reportAction,
	}
}

func reportAction(c *cli.Context) error {
	if c.NArg() == 0 {
		return usagef("report takes one results folder or more: llamaeval report DIR... -o report.html")
	}
	out := c.String("out")
	if out == "" {
		return usagef("report writes a file: name it with -o report.html")
	}
	s := spellings{notice: notice(c)}
	defer s.close()
	stats, err := page.WriteFile(out, c.Args().Slice(), page.Options{Spelling: s.of})
	if err != nil {
		return err
	}
	s.notice(fmt.Sprintf("%s: models %d, samples %d, %.1f MB", out, stats.Models, stats.Samples, float64(stats.Bytes)/1e6))
	return nil
}

// spellings opens the tokenizers of runs whose checkpoints are at hand.
type spellings struct {
	notice func(string)
	open   []runner.Spelling
}

func (s *spellings) of(run results.Run) func(int32) string {
	spelling, err := runner.OpenSpelling(run)
	if err != nil {
		s.notice(fmt.Sprintf("tokens of %s are shown by their numbers: %v", run.Config.Model, err))
		return nil
	}
	s.open = append(s.open, spelling)
	return spelling.Token
}

func (s *spellings) close() {
	for _, spelling := range s.open {
		_ = spelling.Close() // read only: nothing is lost
	}
}
