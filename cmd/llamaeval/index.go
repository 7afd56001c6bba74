package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/results"
)

func indexCommand() *cli.Command {
	return &cli.Command{
		Name:         "index",
		Usage:        "gather what leaderboards need of many runs in one file",
		ArgsUsage:    "DIR",
		UsageText:    "llamaeval index results\nllamaeval index s3://bucket/results",
		Flags:        flags(quietFlag()),
		OnUsageError: wrongUsage,
		Action:       indexAction,
	}
}

func indexAction(c *cli.Context) error {
	if err := arguments(c, 1, 1, "the folder or address that the runs lie in"); err != nil {
		return err
	}
	root := c.Args().First()
	runs, read, err := results.WriteIndex(root)
	if err != nil {
		return err
	}
	notice(c)(fmt.Sprintf("%s holds %d runs, %d of them read now", results.IndexFile, runs, read))
	return nil
}
