package main

import (
	"context"
	"maps"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/model/fetch"
	"github.com/llamaeval/llamaeval/tasks/hub"
)

// modelHub is the hub that hf: names; its cache is beside the aliases'.
type modelHub struct {
	*hub.Client
	show *transfers
}

const maxModelFile = 1 << 40 // bytes

func newModelHub(c *cli.Context) (modelHub, error) {
	cache, err := cacheDir()
	if err != nil {
		return modelHub{}, err
	}
	show := newTransfers(c)
	return modelHub{hub.New(hub.Options{
		Endpoint: os.Getenv("HF_ENDPOINT"), CacheDir: cache, Token: hub.Token(), Offline: offline(c),
		MaxFile: maxModelFile, Progress: show.progress, Retrying: show.retrying,
	}), show}, nil
}

// Checkpoint implements fetch.Hub.
func (h modelHub) Checkpoint(ctx context.Context, repo, revision, file string, choose func([]string) ([]string, error)) (string, []string, error) {
	defer h.show.end()
	k, err := h.Client.Checkpoint(ctx, repo, revision, file, choose)
	return k.Dir, slices.Collect(maps.Keys(k.Files)), err
}

// modelName is the argument, else --model.
func modelName(c *cli.Context) (string, error) {
	if err := arguments(c, 0, 1, "at most one model"); err != nil {
		return "", err
	}
	if c.NArg() == 1 {
		return c.Args().First(), nil
	}
	return c.String("model"), nil
}

// resolveNamed finds the checkpoint that the command line names.
func resolveNamed(c *cli.Context) (fetch.Resolved, error) {
	name, err := modelName(c)
	if err != nil {
		return fetch.Resolved{}, err
	}
	return resolveModel(c.Context, c, name)
}
