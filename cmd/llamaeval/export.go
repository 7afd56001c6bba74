package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/results/export"
)

func exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write a run in lm-evaluation-harness's JSON layout and as CSV",
		ArgsUsage: "DIR",
		UsageText: "llamaeval export results/m -o exported/m",
		Flags: flags(
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "a new `FOLDER` for the files", DefaultText: "required"},
			quietFlag(),
		),
		OnUsageError: wrongUsage,
		Action:       exportAction,
	}
}

func exportAction(c *cli.Context) error {
	if err := arguments(c, 1, 1, "one results folder"); err != nil {
		return err
	}
	out := c.String("out")
	if out == "" {
		return usagef("export needs -o FOLDER: see `llamaeval export --help`")
	}
	names, err := export.Folder(c.Args().First(), out)
	if err != nil {
		return err
	}
	for _, name := range names {
		fmt.Fprintln(c.App.Writer, name)
	}
	return nil
}
