package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/compare"
)

func compareCommand() *cli.Command {
	return &cli.Command{
		Name:        "compare",
		Usage:       "say whether runs are better or worse than a base, task by task",
		ArgsUsage:   "A B [C...]",
		UsageText:   "llamaeval compare results/base results/new\nllamaeval compare results/base results/new --gate 'd(gsm8k)>=-0.02'\nllamaeval compare results/base s3://bucket/results",
		Description: "A gate passes if the whole 95% interval of the paired difference is on its\nside, so a run of too few documents does not pass by luck.\n" + exitCodes,
		Flags: flags(
			gateFlags(),
			&cli.StringFlag{Name: "junit", Usage: "write gates (without any: verdicts) as JUnit XML to `FILE`", DefaultText: "none"},
			formatFlag(), quietFlag(),
		),
		OnUsageError: wrongUsage,
		Action:       compareAction,
	}
}

// gateFlags are conditions; `compare` and `run` have them.
func gateFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "gate", Usage: "exit with 3 unless `EXPR` holds: 'd(piqa)>=-0.02', the difference from the base as a share, or 'score(piqa)>=0.6'; may be repeated", DefaultText: "none"},
		&cli.StringFlag{Name: "gate-file", Usage: "a `FILE` with a gate on each line, # for comments", DefaultText: "none"},
	}
}

func compareAction(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	if c.NArg() < 2 {
		return usagef("compare takes two or more results folders, the base first: see `llamaeval compare --help`")
	}
	gates, err := readGates(c)
	if err != nil {
		return err
	}
	report, err := compareDirs(c)
	if err != nil {
		return err
	}
	if err := compare.CheckGates(gates, report.Runs...); err != nil {
		return usagef("%v", err)
	}
	report.Judge(gates)
	report.Width = results.TerminalWidth(c.App.Writer)
	if len(report.Pairs) == 0 {
		return fmt.Errorf("%s and %s hold no scores: run them with tasks in common", report.Base.Name, report.Runs[0].Name)
	}
	if path := c.String("junit"); path != "" {
		var b bytes.Buffer
		if err := report.WriteJUnit(&b); err != nil {
			return err
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			return fmt.Errorf("--junit: %w: give a file in a folder that is there", err)
		}
	}
	if err := report.Write(c.App.Writer, format); err != nil {
		return err
	}
	warnIncomparable(c, report)
	return gated(report)
}

// compareDirs compares what the arguments name: runs, or behind the base
// folders and addresses that hold many.
func compareDirs(c *cli.Context) (compare.Report, error) {
	dirs := c.Args().Slice()
	var runs []*compare.Run
	for i, dir := range dirs {
		r, err := compare.Load(dir)
		if i > 0 && errors.Is(err, fs.ErrNotExist) {
			return compareMany(c, dirs)
		}
		if err != nil {
			return compare.Report{}, err
		}
		runs = append(runs, r)
	}
	return compare.Compare(runs[0], runs[1:]...), nil
}

func compareMany(c *cli.Context, dirs []string) (compare.Report, error) {
	base, err := results.ReadEntry(dirs[0])
	if err != nil {
		return compare.Report{}, err
	}
	var runs []results.Entry
	seen := map[string]bool{results.Clean(base.Dir): true}
	for _, root := range dirs[1:] {
		found, stale, err := results.Collect(root)
		if err != nil {
			return compare.Report{}, err
		}
		if stale > 0 {
			notice(c)(results.StaleIndex(root, stale, len(found)))
		}
		for _, e := range found {
			if dir := results.Clean(e.Dir); !seen[dir] {
				seen[dir] = true
				runs = append(runs, e)
			}
		}
	}
	if len(runs) == 0 {
		return compare.Report{}, fmt.Errorf("%s: no finished runs here but the base: give folders of others", dirs[1])
	}
	return compare.Many(base, runs)
}

// readGates reads --gate and --gate-file.
func readGates(c *cli.Context) ([]compare.Gate, error) {
	var out []compare.Gate
	for _, text := range c.StringSlice("gate") {
		g, err := compare.ParseGate(text)
		if err != nil {
			return nil, usagef("%v", err)
		}
		out = append(out, g)
	}
	path := c.String("gate-file")
	if path == "" {
		return out, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--gate-file: %w: give a file with a gate on each line", err)
	}
	more, err := compare.ParseGates(bytes.NewReader(data))
	if err != nil {
		return nil, usagef("--gate-file %s, %v", path, err)
	}
	if len(more) == 0 {
		return nil, usagef("--gate-file %s holds no gate: write one a line, as d(gsm8k)>=-0.02", path)
	}
	return append(out, more...), nil
}

// warnIncomparable says aloud that nothing could be compared with the base.
func warnIncomparable(c *cli.Context, r compare.Report) {
	for _, p := range r.Pairs {
		if p.Verdict != compare.NotComparable {
			return
		}
	}
	if len(r.Pairs) > 0 {
		notice(c)("warning: nothing is comparable: " + r.Pairs[0].Reason)
	}
}

// gated is the error of gates that were not passed.
func gated(r compare.Report) error {
	if text := r.Failed(); text != "" {
		return gateError{errors.New(text)}
	}
	return nil
}

// againstBase is what `run` was asked to hold its result against.
type againstBase struct {
	base  *compare.Run // nil: only scores are judged
	gates []compare.Gate
}

// readAgainst reads --against and the gates before anything is computed; nil
// without either.
func readAgainst(c *cli.Context) (*againstBase, error) {
	gates, err := readGates(c)
	if err != nil {
		return nil, err
	}
	if c.Bool("sequential") && len(gates) == 0 {
		return nil, errSequentialGates
	}
	a := &againstBase{gates: gates}
	if dir := c.String("against"); dir != "" {
		if a.base, err = compare.Load(dir); err != nil {
			return nil, fmt.Errorf("--against: %w", err)
		}
		return a, nil
	}
	for _, g := range gates {
		if !g.Score {
			return nil, usagef("gate %q is about the difference from a base: name its results folder with --against, or use score(%s)", g.Expression, g.Task)
		}
	}
	if len(gates) == 0 {
		return nil, nil
	}
	return a, nil
}

// check refuses gates on tasks and groups that the run has not.
func (a *againstBase) check(names []string) error {
	if a == nil {
		return nil
	}
	for _, g := range a.gates {
		if err := g.CheckTask(names); err != nil {
			return usagef("%v", err)
		}
	}
	return nil
}

// compare holds a finished folder against the base. sequential: its gates were
// decided while it ran.
func (a *againstBase) compare(dir string, sequential bool) (compare.Report, error) {
	run, err := compare.Load(dir)
	if err != nil {
		return compare.Report{}, err
	}
	if err := compare.CheckGates(a.gates, run); err != nil {
		return compare.Report{}, usagef("%v", err)
	}
	report := compare.Report{Runs: []*compare.Run{run}}
	if a.base != nil {
		report = compare.Compare(a.base, run)
	}
	if sequential {
		return report, report.JudgeSequential(a.gates)
	}
	report.Judge(a.gates)
	return report, nil
}
