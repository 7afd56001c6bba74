package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/compare"
	"github.com/llamaeval/llamaeval/runner"
)

func reproduceCommand() *cli.Command {
	return &cli.Command{
		Name:      "reproduce",
		Usage:     "run a stored run again, whole, and compare every bit",
		ArgsUsage: "DIR",
		UsageText: "llamaeval reproduce results/m\nllamaeval reproduce results/m --model elsewhere/m.gguf --hub mirror --out again\nllamaeval reproduce --script run.json > again.sh",
		Flags: flags(
			&cli.BoolFlag{Name: "script", Usage: "print the shell commands that repeat a run; its run.json is enough"},
			&cli.StringFlag{Name: "model", Usage: "the checkpoint as it is named now: a `FILE`, a folder, an alias", DefaultText: "where the run found it"},
			&cli.StringFlag{Name: "against", Usage: "the `FOLDER` where a --sequential run's base is now", DefaultText: "where the run found it"},
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "keep the second run in `FOLDER`; an interrupted one then goes on", DefaultText: "a temporary folder"},
			sourceFlags(), machineFlags(), codeFlags(), formatFlag(), quietFlag(),
		),
		OnUsageError: wrongUsage,
		Action:       reproduceAction,
	}
}

func reproduceAction(c *cli.Context) (err error) {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	if err := arguments(c, 1, 1, "one results folder"); err != nil {
		return err
	}
	dir := c.Args().First()
	if c.Bool("script") {
		return printScript(c.App.Writer, dir)
	}
	run, err := runner.OpenStored(dir)
	if err != nil {
		return err
	}
	if text := runner.OtherProcessor(run); text != "" {
		notice(c)("warning: " + text)
	}
	job, err := storedJob(c, run, nil)
	if err != nil {
		return err
	}
	defer job.Close()
	if err := storedStopping(c, run, job); err != nil {
		return err
	}
	if job.Out = c.String("out"); job.Out == "" {
		above, err := os.MkdirTemp("", "llamaeval-reproduce-")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(above)) }()
		job.Out, job.Scratch = filepath.Join(above, "out"), true
	}
	lastWordsOf(c.Context).set(job.Kept)
	if _, err := job.Run(c.Context); err != nil {
		return err
	}
	r, err := results.Reproduce(dir, job.Out)
	if err != nil {
		return err
	}
	return printReproduction(c, r, format)
}

// storedStopping prepares a job to stop as the stored run did, if it was
// --sequential.
func storedStopping(c *cli.Context, run results.Run, job *runner.Job) error {
	stored := run.Config.Documents.Sequential
	if stored == nil {
		return nil
	}
	a := &againstBase{}
	for _, text := range stored.Gates {
		g, err := compare.ParseGate(text)
		if err != nil {
			return fmt.Errorf("the run's gate %q: %w", text, err)
		}
		a.gates = append(a.gates, g)
	}
	base := c.String("against")
	if base == "" {
		base = run.Origin.Against
	}
	var err error
	if base != "" {
		if a.base, err = compare.Load(base); err != nil {
			return fmt.Errorf("the base of the run: %w: say with --against where it is", err)
		}
	}
	if stored.Base != "" && a.base == nil {
		return errors.New("the run stopped early against a base: say with --against where that is")
	}
	if job.Sequential, err = a.sequential(job); err != nil {
		return err
	}
	if job.Sequential.Base != stored.Base {
		return fmt.Errorf("%s is not the base of the run (SHA-256 %.8s, then %.8s): say with --against where that is", base, job.Sequential.Base, stored.Base)
	}
	return nil
}

// printReproduction prints one line, and a table of what differs, which is
// also an error.
func printReproduction(c *cli.Context, r results.Reproduction, format string) error {
	t := results.Table{
		Columns: []results.Column{{Name: "stage"}, {Name: "task"}, {Name: "doc_id", Right: true}, {Name: "field"}, {Name: "values", Right: true}, {Name: "stored"}, {Name: "now"}},
		Value:   r,
	}
	for _, d := range r.Configuration {
		t.Rows = append(t.Rows, []string{results.StageConfiguration, "", "", d.Field, "", short(d.Stored), short(d.Now)})
	}
	for _, d := range r.Differences {
		doc := ""
		if d.DocID >= 0 {
			doc = fmt.Sprint(d.DocID)
		}
		t.Rows = append(t.Rows, []string{d.Stage, d.Task, doc, d.Field, fmt.Sprint(d.Values), short(d.Stored), short(d.Now)})
	}
	if format == "table" || format == "markdown" {
		files := "the files are byte-identical"
		if !r.Files {
			files = "the files' bytes differ"
		}
		fmt.Fprintf(c.App.Writer, "%d samples, %d values compared, %d differ; %s\n", r.Samples, r.Values, r.Differing, files)
	}
	if len(t.Rows) > 0 || format == "json" || format == "csv" {
		if err := t.Write(c.App.Writer, format); err != nil {
			return err
		}
	}
	if r.Equal {
		return nil
	}
	where := ""
	if len(r.Differences) > 0 && r.First == r.Differences[0].Stage {
		d := r.Differences[0]
		where = fmt.Sprintf(": task %s", d.Task)
		if d.DocID >= 0 {
			where += fmt.Sprintf(", doc %d", d.DocID)
		}
		where += fmt.Sprintf(": %s is %s, was %s", d.Field, short(d.Now), short(d.Stored))
	} else if len(r.Configuration) > 0 {
		d := r.Configuration[0]
		where = fmt.Sprintf(": %s is %s, was %s", d.Field, short(d.Now), short(d.Stored))
	}
	return fmt.Errorf("not reproduced, %s differ first%s", r.First, where)
}
