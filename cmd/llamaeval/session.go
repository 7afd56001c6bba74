package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/internal/objects"
	"github.com/llamaeval/llamaeval/model/fetch"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner"
	"github.com/llamaeval/llamaeval/runner/progress"
	"github.com/llamaeval/llamaeval/runner/server"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/dataset"
	"github.com/llamaeval/llamaeval/tasks/hub"
)

// cacheDir is where models and datasets are kept.
func cacheDir() (string, error) { return objects.CacheDir() }

// notice prints a message on stderr unless --quiet.
func notice(c *cli.Context) func(string) {
	out := c.App.ErrWriter
	if c.Bool("quiet") {
		out = io.Discard
	}
	return func(text string) { fmt.Fprintln(out, "llamaeval: "+results.Visible(text)) }
}

func registry(c *cli.Context) (*tasks.Registry, error) {
	o := tasks.Options{TasksDirs: c.StringSlice("tasks-dir"), Warn: notice(c)}
	if cache, err := cacheDir(); err == nil { // without one, folders are read anew each time
		o.IndexDir = filepath.Join(cache, "tasks")
	}
	return tasks.NewRegistry(o)
}

// store opens the datasets as a run uses them. sample: the embedded sample.
func store(c *cli.Context, sample bool) (*dataset.Store, error) {
	return openStore(c, dataset.Options{Offline: offline(c), Sample: sample}, newTransfers(c))
}

// openStore fills in what is the same for all commands.
func openStore(c *cli.Context, o dataset.Options, show *transfers) (*dataset.Store, error) {
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	o.Hub, o.CacheDir, o.Token, o.Endpoint = c.String("hub"), cache, hub.Token(), os.Getenv("HF_ENDPOINT")
	o.Progress, o.Retrying = show.progress, show.retrying
	return dataset.NewStore(o)
}

// origin notes where tasks and data come from, independent of the folder the
// program runs in.
func origin(c *cli.Context, selection []string) (results.Origin, error) {
	o := results.Origin{Selection: selection, Hub: c.String("hub")}
	if o.Hub != "" && !strings.Contains(o.Hub, "://") {
		var err error
		if o.Hub, err = filepath.Abs(o.Hub); err != nil {
			return o, err
		}
	}
	o.Hub = withoutSecrets(o.Hub)
	for _, dir := range c.StringSlice("tasks-dir") {
		dir, err := filepath.Abs(dir)
		if err != nil {
			return o, err
		}
		o.TasksDirs = append(o.TasksDirs, dir)
	}
	if dir := c.String("against"); dir != "" {
		var err error
		if o.Against, err = filepath.Abs(dir); err != nil {
			return o, err
		}
	}
	return o, nil
}

// returnTo sets the flags that are not given to where a run's parts came from.
func returnTo(c *cli.Context, o results.Origin) error {
	if !c.IsSet("hub") && o.Hub != "" {
		if err := c.Set("hub", o.Hub); err != nil {
			return err
		}
	}
	if c.IsSet("tasks-dir") {
		return nil
	}
	for _, dir := range o.TasksDirs {
		if err := c.Set("tasks-dir", dir); err != nil {
			return err
		}
	}
	return nil
}

func offline(c *cli.Context) bool { return c.Bool("offline") || isTrue("HF_HUB_OFFLINE") }

// splitNames parts the values of --task at commas.
func splitNames(values []string) []string {
	var out []string
	for _, v := range values {
		for name := range strings.SplitSeq(v, ",") {
			if name = strings.TrimSpace(name); name != "" {
				out = append(out, name)
			}
		}
	}
	return out
}

// resolveModel finds the checkpoint a command works on; an alias is fetched
// once.
func resolveModel(ctx context.Context, c *cli.Context, name string) (fetch.Resolved, error) {
	if server.Is(name) {
		return fetch.Resolved{}, usagef("`llamaeval %s` reads a checkpoint on this machine; a server's model is for `llamaeval run`", commandName(c))
	}
	cache, err := cacheDir()
	if err != nil {
		return fetch.Resolved{}, err
	}
	models, err := newModelHub(c)
	if err != nil {
		return fetch.Resolved{}, err
	}
	r, err := fetch.Resolve(ctx, name, fetch.Options{CacheDir: cache, Offline: offline(c), Hub: models, Notice: notice(c)})
	return r, explainNetwork(err)
}

// openModel opens the checkpoint of --model on the processor.
func openModel(c *cli.Context, mode string, n int) (*runner.Local, error) {
	return openNamed(c, c.String("model"), mode, n, nil)
}

// openNamed opens a checkpoint by its file, folder or alias; see
// runner.LocalOptions for devices.
func openNamed(c *cli.Context, name, mode string, n int, devices []string) (*runner.Local, error) {
	r, err := resolveModel(c.Context, c, name)
	if err != nil {
		return nil, err
	}
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	return runner.OpenLocal(r.Path, runner.LocalOptions{Mode: mode, Threads: n, Devices: devices, Hashes: filepath.Join(cache, "hashes"), Notice: notice(c)})
}

// display makes the progress display of a run.
func display(c *cli.Context) func(progress.Options) *progress.P {
	return func(o progress.Options) *progress.P {
		o.Out, o.Quiet = c.App.ErrWriter, c.Bool("quiet")
		if f, ok := c.App.ErrWriter.(*os.File); ok {
			o.Bar = progress.Terminal(f)
		}
		return progress.New(o)
	}
}
