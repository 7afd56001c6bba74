package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/internal/nearest"
	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/runner"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/dataset"
)

// renderedByValidate is how many prompts `tasks validate` prints; it builds
// those of all documents.
const renderedByValidate = 3

func tasksValidate(c *cli.Context) error {
	if err := arguments(c, 1, 1, "one file"); err != nil {
		return err
	}
	file := c.Args().First()
	t, err := tasks.ParseFile(file)
	var group *tasks.GroupFileError
	if errors.As(err, &group) {
		return validateGroup(c, file)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: name a task file, or let `llamaeval tasks new NAME` write one", err)
	}
	if err != nil {
		return err
	}
	if err := t.CheckScoring(); err != nil {
		return err
	}
	data, err := store(c, c.Bool("sample"))
	if err != nil {
		return err
	}
	if err := openData(c, data, t, file); err != nil {
		return explainMissing(c, t.Name, err)
	}
	p, err := runner.Prepare(c.Context, data, t, false, runner.Spec{Seed: defaultSeed}, nil)
	if err != nil {
		return explainMissing(c, t.Name, err)
	}
	for _, w := range append(ineffective(t, file), p.Warnings...) {
		notice(c)("warning: " + w)
	}
	rendered := 0
	for it, err := range p.Builder.Items(p.IDs) {
		if err != nil {
			return err
		}
		if rendered++; rendered <= renderedByValidate {
			printItem(c, it)
		}
	}
	_, err = fmt.Fprintf(c.App.Writer, "%s: task %s is valid: %d documents, %d shots\n", file, t.Name, p.Size, p.Shots)
	return err
}

func validateGroup(c *cli.Context, file string) error {
	g, err := tasks.ParseGroupFile(file)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.App.Writer, "%s: group %s with %d members is well-formed\n", file, g.Name, len(g.Members))
	return err
}

// openData loads the evaluated split. An error names the line of the task
// file that asks for it.
func openData(c *cli.Context, data *dataset.Store, t *tasks.Task, file string) error {
	needs, err := runner.Needs(t)
	if err != nil {
		return err
	}
	evaluated := needs[0]
	if _, err = data.Load(c.Context, evaluated.Ref, evaluated.Split); err == nil {
		return nil
	}
	key := "dataset_path"
	if splits, splitsErr := data.Splits(c.Context, evaluated.Ref); splitsErr == nil && len(splits) > 0 {
		key = "test_split"
		if t.TestSplit == "" {
			key = "validation_split"
		}
		for _, s := range splits {
			if s == evaluated.Split { // it is there and cannot be read
				key = "dataset_path"
			}
		}
	}
	return fmt.Errorf("%s: %s: %w", tasks.KeyPlace(file, key), key, err)
}

// ineffective warns of generation options that are taken and not acted on:
// most likely a misspelt one.
func ineffective(t *tasks.Task, file string) []string {
	var out []string
	for _, k := range t.Gen.Extra.Keys() {
		name := fmt.Sprint(k)
		hint := nearest.DidYouMean(name, []string{"until", "max_gen_toks", "do_sample", "temperature", "top_p"})
		out = append(out, fmt.Sprintf("%s: generation_kwargs: %s has no effect%s", tasks.KeyPlace(file, "generation_kwargs"), name, hint))
	}
	return out
}

func printItem(c *cli.Context, it prompts.Item) {
	w := c.App.Writer
	fmt.Fprintf(w, "document %d\n%s\n", it.DocID, strings.Join(it.Contexts(), "\n---\n"))
	if list := it.Continuations(); len(list) > 0 {
		fmt.Fprintf(w, "continuations: %s\n", quoted(list))
	}
	fmt.Fprintf(w, "target: %s\n\n", quoted(it.Accepted()))
}
