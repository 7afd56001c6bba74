package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner"
	"github.com/llamaeval/llamaeval/tasks"
)

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "compute stored items of a run again and compare every bit",
		ArgsUsage: "DIR",
		UsageText: "llamaeval verify results/m\nllamaeval verify results/m --items 200 --threads 1 --memory 64MiB",
		Flags: flags(
			&cli.IntFlag{Name: "items", Usage: "`N` items, spread over all tasks", Value: 20},
			&cli.Int64Flag{Name: "seed", Usage: "the whole number `N` that their choice begins with", Value: defaultSeed},
			&cli.StringFlag{Name: "model", Usage: "the checkpoint as it is named now: a `FILE`, a folder, an alias", DefaultText: "where the run found it"},
			sourceFlags(), machineFlags(), codeFlags(), formatFlag(), quietFlag(),
		),
		OnUsageError: wrongUsage,
		Action:       verifyAction,
	}
}

func verifyAction(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	if err := arguments(c, 1, 1, "one results folder"); err != nil {
		return err
	}
	if n := c.Int("items"); n < 1 {
		return usagef("--items %d: at least 1", n)
	}
	dir := c.Args().First()
	run, err := runner.OpenStored(dir)
	if err != nil {
		return err
	}
	items, err := runner.ChooseItems(dir, c.Int("items"), c.Int64("seed"))
	if err != nil {
		return err
	}
	if text := runner.OtherProcessor(run); text != "" {
		notice(c)("warning: " + text)
	}
	job, err := storedJob(c, run, items)
	if err != nil {
		return err
	}
	defer job.Close()
	v, err := job.Verify(c.Context, dir)
	if err != nil {
		return err
	}
	return printVerification(c, v, format)
}

// storedJob builds the job of a finished run anew, with the chosen items of
// each task only; nil: as it was.
func storedJob(c *cli.Context, run results.Run, items map[string][]int) (*runner.Job, error) {
	s, err := runner.StoredSpec(run.Config)
	if err != nil {
		return nil, err
	}
	job := &runner.Job{Spec: s, Mode: run.Config.Mode, Origin: run.Origin}
	if err := restore(c, job, run, items); err != nil {
		job.Close()
		return nil, err
	}
	return job, nil
}

// restore opens what a stored run used and asks its questions again.
func restore(c *cli.Context, job *runner.Job, run results.Run, items map[string][]int) error {
	if err := returnTo(c, run.Origin); err != nil {
		return err
	}
	if err := checkDevice(run.Config.Device, job.Mode); err != nil {
		return err
	}
	if err := local(c, job); err != nil {
		return err
	}
	selection, err := storedTasks(c, run, items)
	if err != nil {
		return err
	}
	job.Groups = selection.Groups
	if err := allowCode(c, job, selection.Tasks); err != nil {
		return err
	}
	if job.SandboxKind != run.Config.Sandbox && job.Code != nil {
		return fmt.Errorf("the run's programs were judged in the sandbox %s, not in %s: give --sandbox accordingly", run.Config.Sandbox, job.SandboxKind)
	}
	if job.Local, err = storedModel(c, run, job.Threads); err != nil {
		return err
	}
	boundCache(c, job)
	if err := prepare(c, job, selection.Tasks, run.Config.Documents.Sample, len(run.Config.Tasks) > 1); err != nil {
		return err
	}
	if err := runner.CheckChat(job.Chat, run); err != nil {
		return err
	}
	for _, p := range job.Tasks {
		if err := runner.CheckTask(p, run); err != nil {
			return err
		}
		if items != nil {
			if err := p.Restrict(items[p.Task.Name]); err != nil {
				return err
			}
		}
	}
	return nil
}

// storedTasks resolves what the user once named, since a group may change its
// tasks, and leaves the tasks with chosen items, or all.
func storedTasks(c *cli.Context, run results.Run, items map[string][]int) (*tasks.Selection, error) {
	r, err := registry(c)
	if err != nil {
		return nil, err
	}
	selection, err := r.Resolve(selectedNames(run))
	if err != nil {
		return nil, fmt.Errorf("%w: give the folder of the run's task files with --tasks-dir", err)
	}
	for name := range items {
		if !slices.ContainsFunc(selection.Tasks, func(t *tasks.Task) bool { return t.Name == name }) {
			return nil, fmt.Errorf("task %s is stored, but is none of the run's: give the folder of its task file with --tasks-dir", name)
		}
	}
	for _, t := range run.Config.Tasks {
		if items == nil && !slices.ContainsFunc(selection.Tasks, func(now *tasks.Task) bool { return now.Name == t.Name }) {
			return nil, fmt.Errorf("task %s is stored, but is none of the run's: give the folder of its task file with --tasks-dir", t.Name)
		}
	}
	if items != nil {
		selection.Tasks = slices.DeleteFunc(selection.Tasks, func(t *tasks.Task) bool { return items[t.Name] == nil })
	}
	return selection, nil
}

// selectedNames are what --task named, or the tasks where a run does not say.
func selectedNames(run results.Run) []string {
	names := run.Origin.Selection
	if len(names) == 0 {
		for _, t := range run.Config.Tasks {
			names = append(names, t.Name)
		}
	}
	return names
}

// storedModel opens the run's checkpoint, or refuses another one.
func storedModel(c *cli.Context, run results.Run, threads int) (*runner.Local, error) {
	name := c.String("model")
	if name == "" {
		name = run.ModelPath
		if _, err := os.Stat(name); err != nil {
			return nil, fmt.Errorf("the run's model %s is no longer at %s: say with --model where it is", run.Config.Model, name)
		}
	}
	r, err := resolveModel(c.Context, c, name)
	if err != nil {
		return nil, err
	}
	// The file is read whole: a kept hash proves less.
	l, err := runner.OpenLocal(r.Path, runner.LocalOptions{Mode: run.Config.Mode, Threads: threads, Devices: []string{run.Config.Device}})
	if err != nil {
		return nil, err
	}
	if err := runner.CheckModel(l, run); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// printVerification prints one line, and a table of what differs, which is
// also an error.
func printVerification(c *cli.Context, v runner.Verification, format string) error {
	t := results.Table{
		Columns: []results.Column{{Name: "task"}, {Name: "doc_id", Right: true}, {Name: "field"}, {Name: "values", Right: true}, {Name: "stored"}, {Name: "now"}},
		Value:   v,
	}
	for _, d := range v.Differences {
		t.Rows = append(t.Rows, []string{d.Task, fmt.Sprint(d.DocID), d.Field, fmt.Sprint(d.Values), short(d.Stored), short(d.Now)})
	}
	if format == "table" || format == "markdown" {
		fmt.Fprintf(c.App.Writer, "%d items, %d values compared, %d differ\n", v.Items, v.Values, v.Differing)
	}
	if len(t.Rows) > 0 || format == "json" || format == "csv" {
		if err := t.Write(c.App.Writer, format); err != nil {
			return err
		}
	}
	if v.Differing > 0 {
		return fmt.Errorf("%d of %d values are not, to the bit, what is stored: the table above names them; `llamaeval reproduce` says what differs first", v.Differing, v.Values)
	}
	return nil
}

// short keeps a cell of text on a line of bearable width.
func short(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
