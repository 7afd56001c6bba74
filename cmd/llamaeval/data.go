package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/tasks/dataset"
	"github.com/llamaeval/llamaeval/tasks/hub"
)

func dataCommand() *cli.Command {
	return &cli.Command{
		Name:         "data",
		Usage:        "list, fetch and check the datasets of tasks",
		UsageText:    "llamaeval data pull llama2\nllamaeval data list gsm8k\nllamaeval data verify",
		OnUsageError: wrongUsage,
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list the splits that tasks need, and which are on this machine",
				ArgsUsage:    "[TASK...]",
				UsageText:    "llamaeval data list\nllamaeval data list gsm8k,mmlu --format csv",
				Flags:        flags(dataFlags(), formatFlag(), quietFlag()),
				OnUsageError: wrongUsage, Action: dataList,
			},
			{
				Name: "pull", Usage: "fetch all that tasks need, so that they run offline",
				ArgsUsage:    "TASK...",
				UsageText:    "llamaeval data pull gsm8k,hellaswag\nllamaeval data pull llama2 'bbh_*'",
				Flags:        flags(sourceFlags(), quietFlag()),
				OnUsageError: wrongUsage, Action: dataPull,
			},
			{
				Name: "verify", Usage: "compare cached files with the hashes they came with",
				UsageText:    "llamaeval data verify",
				Flags:        flags(hubFlags(), formatFlag(), quietFlag()),
				OnUsageError: wrongUsage, Action: dataVerify,
			},
		},
	}
}

func dataList(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	needs, err := needsOf(c, splitNames(c.Args().Slice()))
	if err != nil {
		return err
	}
	s, err := openStore(c, dataset.Options{Offline: true, Sample: c.Bool("sample")}, newTransfers(c)) // a list asks nobody
	if err != nil {
		return err
	}
	var rows []splitRow
	for _, n := range needs {
		row, err := n.row(c, s)
		if err != nil {
			notice(c)("warning: " + err.Error())
		}
		rows = append(rows, row)
	}
	if c.NArg() == 0 && !c.Bool("sample") {
		if rows, err = addUnneeded(s, rows); err != nil {
			return err
		}
	}
	return splitTable(rows).Write(c.App.Writer, format)
}

// A splitRow is one line of `data list`.
type splitRow struct {
	Dataset  string   `json:"dataset"`
	Config   string   `json:"config"`
	Split    string   `json:"split"`
	Files    int      `json:"files"`
	Bytes    int64    `json:"bytes"`
	AtHand   bool     `json:"at_hand"`
	Revision string   `json:"revision"` // commit on the hub, "" where it names none
	Tasks    []string `json:"tasks"`
}

func newSplitRow(e dataset.Entry, tasks []string) splitRow {
	return splitRow{e.Repo, e.Config, e.Split, e.Files, e.Bytes, e.Files > 0, e.Commit, append([]string{}, tasks...)}
}

// addUnneeded adds what is cached though no task known here needs it.
func addUnneeded(s *dataset.Store, rows []splitRow) ([]splitRow, error) {
	entries, err := s.Cached()
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !slices.ContainsFunc(rows, func(r splitRow) bool { return r.Dataset == e.Repo && r.Config == e.Config && r.Split == e.Split }) {
			rows = append(rows, newSplitRow(e, nil))
		}
	}
	return rows, nil
}

func splitTable(rows []splitRow) results.Table {
	slices.SortStableFunc(rows, func(a, b splitRow) int {
		return cmp.Or(strings.Compare(a.Dataset, b.Dataset), strings.Compare(a.Config, b.Config), strings.Compare(a.Split, b.Split))
	})
	t := results.Table{Columns: []results.Column{
		{Name: "dataset"}, {Name: "config"}, {Name: "split"}, {Name: "files", Right: true, Spare: true}, {Name: "bytes", Right: true, Spare: true},
		{Name: "at hand"}, {Name: "revision", Spare: true}, {Name: "tasks"},
	}}
	have, size := 0, int64(0)
	for _, r := range rows {
		cells := []string{r.Dataset, r.Config, r.Split, "", "", "no", fmt.Sprintf("%.10s", r.Revision), someTasks(r.Tasks)}
		if r.AtHand {
			cells[3], cells[4], cells[5] = strconv.Itoa(r.Files), strconv.FormatInt(r.Bytes, 10), "yes"
			have, size = have+1, size+r.Bytes
		}
		t.Rows = append(t.Rows, cells)
	}
	note := fmt.Sprintf("%d of %d splits are at hand (%s)", have, len(rows), humanBytes(size))
	if have < len(rows) {
		note += ": `llamaeval data pull TASK` fetches what a task or group lacks"
	}
	t.Notes, t.Value = []string{note}, map[string]any{"splits": append([]splitRow{}, rows...)}
	return t
}

// someTasks names the first few.
func someTasks(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// dataPull fetches one split after the other. What one dataset refuses does
// not keep the others from coming; a hub that does not answer does.
func dataPull(c *cli.Context) error {
	names := splitNames(c.Args().Slice())
	if len(names) == 0 {
		return usagef("data pull takes tasks or groups, for example `llamaeval data pull gsm8k`")
	}
	needs, err := needsOf(c, names)
	if err != nil {
		return err
	}
	show := newTransfers(c)
	s, err := openStore(c, dataset.Options{Offline: offline(c)}, show)
	if err != nil {
		return err
	}
	say := notice(c)
	var failed []error
	for i, n := range needs {
		show.begin(i+1, len(needs))
		err := s.Pull(c.Context, n.Ref, []string{n.Split})
		show.end()
		if err == nil {
			continue
		}
		err = fmt.Errorf("task %s: %w", n.tasks[0], explainNetwork(err))
		switch {
		case n.Optional && dataset.NotThere(err):
			say("warning: " + oneLine(err.Error()) + ": it runs with --shots 0, which is its own setting")
			continue
		case offline(c) && errors.Is(err, hub.ErrUnavailable):
			return fmt.Errorf("%w: leave --offline (HF_HUB_OFFLINE) out to fetch it", err)
		case c.Context.Err() != nil || errors.Is(err, hub.ErrUnavailable):
			return err
		}
		failed = append(failed, err)
	}
	switch len(failed) {
	case 0:
		say(fmt.Sprintf("%s: ready (%d splits)", strings.Join(names, ", "), len(needs)))
		return nil
	case 1:
		return failed[0]
	}
	for _, err := range failed[1:] {
		say(oneLine(err.Error()))
	}
	return fmt.Errorf("%d of %d splits could not be fetched: the others are here; the first: %w", len(failed), len(needs), failed[0])
}

func dataVerify(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	if err := noArguments(c); err != nil {
		return err
	}
	s, err := store(c, false)
	if err != nil {
		return err
	}
	checks, err := s.Verify(c.Context)
	if err != nil {
		return err
	}
	t := results.Table{Columns: []results.Column{
		{Name: "dataset"}, {Name: "config"}, {Name: "split"}, {Name: "file"}, {Name: "bytes", Right: true}, {Name: "state"},
	}}
	var damaged []dataset.Check
	for _, check := range checks {
		state := "ok"
		if check.Err != nil {
			state, damaged = oneLine(check.Err.Error()), append(damaged, check)
		}
		t.Rows = append(t.Rows, []string{check.Repo, check.Config, check.Split, filepath.Base(check.Path), strconv.FormatInt(check.Bytes, 10), state})
	}
	if err := t.Write(c.App.Writer, format); err != nil {
		return err
	}
	if len(damaged) == 0 {
		notice(c)(fmt.Sprintf("all %d cached files are as they were fetched", len(checks)))
		return nil
	}
	return fmt.Errorf("%d of %d cached files are damaged and are not used any more: %s fetches them again", len(damaged), len(checks), pullAgain(c, damaged))
}

// pullAgain is the command that brings damaged files back.
func pullAgain(c *cli.Context, damaged []dataset.Check) string {
	needs, err := needsOf(c, nil)
	if err != nil { // broken task files of the user's own: the files are known all the same
		return "`llamaeval data pull TASK`"
	}
	s, err := openStore(c, dataset.Options{Offline: true, Sample: c.Bool("sample")}, newTransfers(c))
	if err != nil {
		return "`llamaeval data pull TASK`"
	}
	var names []string
	for _, n := range needs {
		e, err := s.At(c.Context, n.Ref, n.Split)
		wanted := func(d dataset.Check) bool {
			return d.Repo == e.Repo && d.Split == e.Split && (d.Config == e.Config || e.Config == "")
		}
		if err == nil && slices.ContainsFunc(damaged, wanted) && !slices.Contains(names, n.tasks[0]) {
			names = append(names, n.tasks[0])
		}
	}
	if len(names) == 0 {
		return "the next run of the task that reads them"
	}
	return "`llamaeval data pull " + strings.Join(names, ",") + "`"
}
