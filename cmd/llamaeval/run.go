package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/internal/sysmem"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/reference"
	"github.com/llamaeval/llamaeval/runner"
	"github.com/llamaeval/llamaeval/tasks"
)

func runCommand() *cli.Command {
	return &cli.Command{
		Name:        "run",
		Usage:       "evaluate a model on tasks",
		UsageText:   "llamaeval run --task gsm8k --shots 8\nllamaeval run --model m.gguf --task piqa,arc_easy --limit 100 --out new\nllamaeval run --task piqa --against base --gate 'd(piqa)>=-0.02' --out new",
		Description: exitCodes,
		Flags: flags(
			modelFlag(", or a server, openai:http://host:port/v1#name"),
			&cli.StringSliceFlag{Name: "task", Usage: "`TASKS`, groups, globs, with commas or repeated", DefaultText: "required"},
			promptFlags(), dataFlags(),
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: "the results `FOLDER`; an interrupted run there goes on", DefaultText: "llamaeval-out/<model>-<tasks>-<configuration>"},
			deviceFlag(),
			&cli.StringFlag{Name: "mode", Usage: "arithmetic `MODE`: exact, or fast (rounded factors)", Value: "exact"},
			shardFlag(),
			&cli.BoolFlag{Name: "plan", Usage: "print how many tokens it would take, compute nothing"},
			machineFlags(), serverFlags(), codeFlags(),
			&cli.StringFlag{Name: "against", Usage: "compare with the finished run in `FOLDER`", DefaultText: "none"},
			gateFlags(), sequentialFlag(),
			&cli.StringFlag{Name: "reference", Usage: "show published values beside the run's: `NAME` is llama2-paper", DefaultText: "none"},
			formatFlag(), quietFlag(),
		),
		OnUsageError: wrongUsage,
		Action:       runAction,
	}
}

func runAction(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	if err := noArguments(c); err != nil {
		return err
	}
	published, err := publishedValues(c)
	if err != nil {
		return err
	}
	shard, err := shardOf(c)
	if err != nil {
		return err
	}
	against, err := readAgainst(c)
	if err != nil {
		return err
	}
	job, err := newJob(c)
	if err != nil {
		return err
	}
	defer job.Close()
	if err := against.check(job.Names()); err != nil {
		return err
	}
	if err := checkReference(job, published); err != nil {
		return err
	}
	job.Spec.Shard = shard
	if c.Bool("sequential") {
		if job.Sequential, err = against.sequential(job); err != nil {
			return err
		}
	}
	if c.Bool("plan") {
		return printPlan(c, job, format)
	}
	if job.Out = c.String("out"); job.Out == "" {
		if job.Out, err = job.DefaultOut(); err != nil {
			return err
		}
	}
	lastWordsOf(c.Context).set(job.Kept)
	report, err := job.Run(c.Context)
	if err != nil {
		return err
	}
	report.Reference = published
	return deliver(c, job, report, against, format)
}

// deliver prints what a run found, and whether its gates are passed.
func deliver(c *cli.Context, job *runner.Job, report results.Report, against *againstBase, format string) error {
	say := notice(c)
	for _, w := range report.Warnings {
		say("warning: " + w)
	}
	say("results are in " + job.Out)
	if against == nil {
		return report.Write(c.App.Writer, format)
	}
	compared, err := against.compare(job.Out, job.Sequential != nil)
	if err != nil {
		return err
	}
	compared.Width = results.TerminalWidth(c.App.Writer)
	report.Compared = compared
	if err := report.Write(c.App.Writer, format); err != nil {
		return err
	}
	warnIncomparable(c, compared)
	return gated(compared)
}

// publishedValues reads --reference; nil without it.
func publishedValues(c *cli.Context) (*reference.Set, error) {
	name := c.String("reference")
	if name == "" {
		return nil, nil
	}
	set, err := reference.Load(name)
	if err != nil {
		return nil, usagef("--reference: %v", err)
	}
	return &set, nil
}

// checkReference refuses a reference that has no value for the job's tasks.
func checkReference(job *runner.Job, published *reference.Set) error {
	if published == nil {
		return nil
	}
	known := published.Tasks()
	for _, p := range job.Tasks {
		if slices.Contains(known, p.Task.Name) {
			return nil
		}
	}
	for _, g := range job.Groups {
		if slices.Contains(known, g.Name) {
			return nil
		}
	}
	return usagef("--reference %s has no value for these tasks: run --task llama2 or a part of it", published.Name)
}

// newJob reads the flags, loads tasks and data, and opens the model last,
// since it takes longest.
func newJob(c *cli.Context) (*runner.Job, error) {
	names := splitNames(c.StringSlice("task"))
	if len(names) == 0 {
		return nil, usagef("run needs --task, for example `llamaeval run --task gsm8k`: `llamaeval tasks list` shows all")
	}
	s, err := spec(c)
	if err != nil {
		return nil, err
	}
	job := &runner.Job{Spec: s, Mode: c.String("mode")}
	if job.Origin, err = origin(c, names); err != nil {
		return nil, err
	}
	if err := checkDevice(c.String("device"), job.Mode); err != nil {
		return nil, err
	}
	if err := local(c, job); err != nil {
		return nil, err
	}
	r, err := registry(c)
	if err != nil {
		return nil, err
	}
	selection, err := r.Resolve(names)
	if err != nil {
		return nil, unknownName(err)
	}
	job.Groups = selection.Groups
	if err := allowCode(c, job, selection.Tasks); err != nil {
		return nil, err
	}
	if err := openSubject(c, job); err != nil {
		job.Close()
		return nil, err
	}
	err = prepare(c, job, selection.Tasks, c.Bool("sample"), len(selection.Tasks) > 1)
	if err == nil && job.Remote != nil {
		err = job.Remote.Check(job.Tasks)
	}
	if err != nil {
		job.Close()
		return nil, err
	}
	return job, nil
}

// local fills in what belongs to this process and machine.
func local(c *cli.Context, job *runner.Job) error {
	job.Version, job.Command, job.Progress = version, safeCommand(os.Args), display(c)
	job.Binary = binaryHash()
	var err error
	if job.Threads, err = threads(c); err != nil {
		return err
	}
	job.Memory, err = memory(c)
	return err
}

// prepare loads the tasks' data. inGroup: they are part of a larger choice.
func prepare(c *cli.Context, job *runner.Job, selected []*tasks.Task, sample, inGroup bool) error {
	data, err := store(c, sample)
	if err != nil {
		return err
	}
	if job.Remote == nil {
		job.Chat, err = job.Local.Chat(job.Spec)
	}
	if err != nil {
		return err
	}
	for _, t := range selected {
		p, err := runner.Prepare(c.Context, data, t, inGroup, job.Spec, job.Chat)
		if err != nil {
			return explainMissing(c, t.Name, err)
		}
		job.Tasks = append(job.Tasks, p)
	}
	return nil
}

func memory(c *cli.Context) (int64, error) {
	limit, limited := runner.GivenMemory()
	if s := c.String("memory"); s != "" {
		n, err := parseBytes(s)
		if err == nil && limited && n > limit/4*3 {
			notice(c)(fmt.Sprintf("warning: --memory %s and GOMEMLIMIT do not go together: the KV cache gets %d MiB", s, limit/4*3>>20))
			n = limit / 4 * 3
		}
		return n, err
	}
	if limited {
		return limit / 4, nil
	}
	total, err := sysmem.Total()
	if err != nil {
		return 0, fmt.Errorf("the machine's memory cannot be read: %w: give --memory", err)
	}
	return total / 4, nil
}

func printPlan(c *cli.Context, job *runner.Job, format string) error {
	plan, err := job.Plan()
	if err != nil {
		return err
	}
	ratio := float64(plan.TokensRequested) / float64(max(1, plan.TokensComputed))
	t := results.Table{
		Columns: []results.Column{{Name: "requests", Right: true}, {Name: "tokens requested", Right: true}, {Name: "tokens computed", Right: true}, {Name: "ratio", Right: true}},
		Rows:    [][]string{{fmt.Sprint(plan.Requests), fmt.Sprint(plan.TokensRequested), fmt.Sprint(plan.TokensComputed), fmt.Sprintf("%.2f", ratio)}},
		Value:   map[string]results.Plan{"plan": plan},
	}
	if p := job.Part(); p != nil {
		t.Notes = append(t.Notes, fmt.Sprintf("Shard %d of %d: %d of %d documents.", p.Index, p.Count, p.Documents, p.Planned))
	}
	return t.Write(c.App.Writer, format)
}
