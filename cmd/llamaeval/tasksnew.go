package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/tasks"
)

func tasksNewCommand() *cli.Command {
	return &cli.Command{
		Name: "new", Usage: "write a task file to start from, and a small CSV file for it",
		ArgsUsage:    "NAME",
		UsageText:    "llamaeval tasks new capitals",
		Flags:        flags(&cli.StringSliceFlag{Name: "tasks-dir", Usage: "the `FOLDER` to write into", DefaultText: "this one"}, quietFlag()),
		OnUsageError: wrongUsage, Action: tasksNew,
	}
}

// tasksNew writes into the folder of --tasks-dir, else into the current one.
func tasksNew(c *cli.Context) error {
	if err := arguments(c, 1, 1, "one name"); err != nil {
		return err
	}
	name, dir := c.Args().First(), "."
	switch dirs := c.StringSlice("tasks-dir"); len(dirs) {
	case 0:
	case 1:
		dir = dirs[0]
	default:
		return usagef("tasks new writes into one folder: give --tasks-dir once")
	}
	r, err := registry(c)
	if err != nil {
		return err
	}
	listed, groups := r.List()
	known := slices.ContainsFunc(listed, func(l tasks.Listing) bool { return l.Task == name })
	if known || slices.Contains(groups, name) {
		return fmt.Errorf("there is a task or group %s already, which the new one would replace: choose another name", name)
	}
	paths, err := tasks.WriteNew(dir, name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.App.Writer, "wrote %s and %s: edit them, then\n  llamaeval tasks validate %[1]s\n  llamaeval run --task %[3]s --tasks-dir %[4]s\n", paths[0], paths[1], name, dir)
	return err
}
