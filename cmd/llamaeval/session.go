package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/model/fetch"
	"github.com/llamaeval/llamaeval/runner"
	"github.com/llamaeval/llamaeval/runner/progress"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/dataset"
	"github.com/llamaeval/llamaeval/tasks/hub"
)

// cacheDir is where models and datasets are kept.
func cacheDir() (string, error) {
	if dir := os.Getenv("LLAMAEVAL_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder: %w: set LLAMAEVAL_CACHE", err)
	}
	return filepath.Join(dir, "llamaeval"), nil
}

// notice prints a message on stderr unless --quiet.
func notice(c *cli.Context) func(string) {
	out := c.App.ErrWriter
	if c.Bool("quiet") {
		out = io.Discard
	}
	return func(text string) { fmt.Fprintln(out, "llamaeval: "+text) }
}

func registry(c *cli.Context) (*tasks.Registry, error) {
	o := tasks.Options{TasksDirs: c.StringSlice("tasks-dir"), Warn: notice(c)}
	if cache, err := cacheDir(); err == nil { // without one, folders are read anew each time
		o.IndexDir = filepath.Join(cache, "tasks")
	}
	return tasks.NewRegistry(o)
}

func store(c *cli.Context) (*dataset.Store, error) {
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	return dataset.NewStore(dataset.Options{
		Hub: c.String("hub"), CacheDir: cache, Token: hub.Token(), Endpoint: os.Getenv("HF_ENDPOINT"),
		Offline: offline(c), Sample: c.Bool("sample"), Progress: downloads(c),
	})
}

// downloads says on stderr what is fetched, a line when a file begins.
func downloads(c *cli.Context) func(file string, done, total int64) {
	say, last := notice(c), ""
	return func(file string, _, total int64) {
		if file != last {
			last = file
			say(fmt.Sprintf("fetching %s (%.1f MB)", file, float64(total)/1e6))
		}
	}
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
	cache, err := cacheDir()
	if err != nil {
		return fetch.Resolved{}, err
	}
	return fetch.Resolve(ctx, name, fetch.Options{CacheDir: cache, Offline: offline(c), Notice: notice(c)})
}

// openModel opens the checkpoint of --model.
func openModel(c *cli.Context, n int) (*runner.Local, error) {
	r, err := resolveModel(c.Context, c, c.String("model"))
	if err != nil {
		return nil, err
	}
	return runner.OpenLocal(r.Path, c.String("mode"), n)
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
