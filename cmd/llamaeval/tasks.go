package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner"
)

func tasksCommand() *cli.Command {
	return &cli.Command{
		Name:         "tasks",
		Usage:        "list, show, check and begin task definitions",
		UsageText:    "llamaeval tasks list\nllamaeval tasks show hellaswag --item 3\nllamaeval tasks new capitals",
		OnUsageError: wrongUsage,
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list tasks and groups",
				UsageText:    "llamaeval tasks list\nllamaeval tasks list --tasks-dir my-tasks --format json",
				Flags:        flags(tasksDirFlag(), formatFlag(), quietFlag()),
				OnUsageError: wrongUsage, Action: tasksList,
			},
			{
				Name: "show", Usage: "show the exact prompts of a task, token by token",
				ArgsUsage: "TASK",
				UsageText: "llamaeval tasks show gsm8k --shots 8 --item 3\nllamaeval tasks show piqa --limit 5 --format jsonl",
				Flags: flags(modelFlag(), &cli.IntFlag{Name: "item", Usage: "document `I` alone, counted from 0", DefaultText: "the first"},
					promptFlags(), dataFlags(), formatFlag("jsonl"), quietFlag()),
				OnUsageError: wrongUsage, Action: tasksShow,
			},
			{
				Name: "validate", Usage: "check a task file: open its data, build all prompts",
				ArgsUsage:    "FILE",
				UsageText:    "llamaeval tasks validate my-tasks/exam.yaml",
				Flags:        flags(dataFlags(), quietFlag()),
				OnUsageError: wrongUsage, Action: tasksValidate,
			},
			tasksNewCommand(),
		},
	}
}

func tasksList(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	if err := noArguments(c); err != nil {
		return err
	}
	r, err := registry(c)
	if err != nil {
		return err
	}
	listed, groups := r.List()
	type row struct {
		Task       string `json:"task"`
		OutputType string `json:"output_type"`
		Dataset    string `json:"dataset"`
		Shots      int    `json:"shots"`
		Source     string `json:"source"`
	}
	rows := []row{}
	t := results.Table{Columns: []results.Column{{Name: "task"}, {Name: "output type"}, {Name: "dataset", Spare: true}, {Name: "shots", Right: true}, {Name: "source", Spare: true}}}
	for _, l := range listed {
		rows = append(rows, row{l.Task, string(l.OutputType), l.Dataset, l.Shots, l.Source})
		t.Rows = append(t.Rows, []string{l.Task, string(l.OutputType), l.Dataset, strconv.Itoa(l.Shots), l.Source})
	}
	t.Notes = []string{"Groups: " + strings.Join(groups, ", ")}
	t.Value = map[string]any{"tasks": rows, "groups": append([]string{}, groups...)}
	return t.Write(c.App.Writer, format)
}

// shownByDefault is how many documents `tasks show` prints unless told.
const shownByDefault = 1

func tasksShow(c *cli.Context) error {
	format, err := outputFormat(c, "jsonl")
	if err != nil {
		return err
	}
	if err := arguments(c, 1, 1, "one task"); err != nil {
		return err
	}
	s, err := spec(c)
	if err != nil {
		return err
	}
	if c.IsSet("item") {
		if c.IsSet("limit") || c.IsSet("items") || c.Int("item") < 0 {
			return usagef("--item takes one document's number, and neither --items nor --limit beside it")
		}
		s.Items = []int{c.Int("item")}
	} else if !c.IsSet("limit") && !c.IsSet("items") {
		s.Limit = runner.Limit{Count: shownByDefault}
	}
	var local *runner.Local
	if s.Chat { // the template is the model's
		if local, err = openModel(c, "exact", 1); err != nil {
			return err
		}
		defer local.Close()
	}
	p, err := prepareOne(c, c.Args().First(), s, local)
	if err != nil {
		return err
	}
	if format == "table" && local == nil { // and so are the token boundaries
		if local, err = openModel(c, "exact", 1); err != nil {
			return fmt.Errorf("%w; --format jsonl shows prompts without a model", err)
		}
		defer local.Close()
	}
	for _, w := range p.Warnings {
		notice(c)("warning: " + w)
	}
	return showItems(c, p, s, local, format)
}

// prepareOne loads one task by name.
func prepareOne(c *cli.Context, name string, s runner.Spec, local *runner.Local) (*runner.Prepared, error) {
	r, err := registry(c)
	if err != nil {
		return nil, err
	}
	t, err := r.Load(name)
	if err != nil {
		return nil, unknownName(err)
	}
	data, err := store(c, c.Bool("sample"))
	if err != nil {
		return nil, err
	}
	var chat *runner.Chat
	if s.Chat {
		if chat, err = local.Chat(s); err != nil {
			return nil, err
		}
	}
	p, err := runner.Prepare(c.Context, data, t, false, s, chat)
	return p, explainMissing(c, t.Name, err)
}

func showItems(c *cli.Context, p *runner.Prepared, s runner.Spec, local *runner.Local, format string) error {
	w := c.App.Writer
	list := []runner.Rendered{}
	for it, err := range p.Builder.Items(p.IDs) {
		if err != nil {
			return err
		}
		switch format {
		case "table":
			err = showTokens(w, p, it, local, s.BOS)
		case "jsonl":
			err = printJSON(w, runner.Render(it))
		default:
			list = append(list, runner.Render(it))
		}
		if err != nil {
			return err
		}
	}
	if format == "table" || format == "jsonl" {
		return nil
	}
	t := results.Table{Columns: []results.Column{{Name: "doc", Right: true}, {Name: "contexts"}, {Name: "continuations"}, {Name: "target"}}, Value: list}
	for _, r := range list {
		t.Rows = append(t.Rows, []string{strconv.Itoa(r.DocID), quoted(r.Contexts), quoted(r.Continuations), quoted(r.Target)})
	}
	return t.Write(w, format)
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func quoted(texts []string) string {
	b, _ := json.Marshal(texts) // a list of texts always encodes
	return string(b)
}

func showTokens(w io.Writer, p *runner.Prepared, it prompts.Item, local *runner.Local, bos string) error {
	requests, err := local.Tokenise(it, bos)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s, document %d of %d, %d shots\n", p.Task.Name, it.DocID, p.Size, p.Shots)
	last := ""
	for i, r := range requests {
		if r.Context != last || i == 0 {
			fmt.Fprintf(w, "\ncontext, %d tokens%s:\n%s\n", r.ContextTokens, cutNote(r.Truncated), r.Context)
			last = r.Context
		}
		if r.Tokens > 0 {
			fmt.Fprintf(w, "continuation, %d tokens: %s\n", r.Tokens, r.Continuation)
		} else {
			g := it.Requests[i].Gen
			fmt.Fprintf(w, "generates up to %d tokens, until %s\n", g.MaxTokens, quoted(g.Until))
		}
	}
	_, err = fmt.Fprintf(w, "target: %s\n\n", quoted(it.Accepted()))
	return err
}

func cutNote(truncated int) string {
	if truncated == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d more were cut at the front)", truncated)
}
