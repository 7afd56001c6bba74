package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/model/checkpoint"
	"github.com/llamaeval/llamaeval/model/fetch"
	"github.com/llamaeval/llamaeval/model/tokenizer"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner"
	"github.com/llamaeval/llamaeval/runner/server"
)

// serverFlags say how a model behind a server is asked.
func serverFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "concurrency", Usage: "`N` requests to a server are under way at once", Value: server.DefaultConcurrency},
		&cli.StringFlag{Name: "tokenizer", Usage: "a server's tokenizer: a `FILE` (GGUF, tokenizer.json), folder, hf:org/name", DefaultText: "the server is asked"},
		&cli.StringSliceFlag{Name: "server", Usage: "`KEY=VALUE`,... for a server: retries, timeout, context (tokens, where it does not say)", DefaultText: "retries=8,timeout=10m"},
	}
}

// openSubject opens what --model names: a checkpoint, or a server's model.
func openSubject(c *cli.Context, job *runner.Job) error {
	if server.Is(c.String("model")) {
		return openRemote(c, job)
	}
	for _, f := range []string{"concurrency", "tokenizer", "server"} {
		if c.IsSet(f) {
			return usagef("--%s is for a model behind a server: --model openai:http://host:port/v1#name", f)
		}
	}
	var err error
	if job.Local, err = openOn(c, c.String("device"), c.String("model"), job.Mode, job.Threads); err != nil {
		return err
	}
	boundCache(c, job)
	return nil
}

// openRemote finds the server and what it can, and says so.
func openRemote(c *cli.Context, job *runner.Job) error {
	for _, f := range []string{"device", "mode"} {
		if c.IsSet(f) {
			return usagef("--%s is for a model on this machine: a server computes as it was started", f)
		}
	}
	address, err := server.ParseAddress(c.String("model"))
	if err != nil {
		return usagef("%v", err)
	}
	o, err := serverOptions(c)
	if err != nil {
		return err
	}
	given, err := givenTokenizer(c)
	if err != nil {
		return err
	}
	s, err := server.Open(c.Context, address, o)
	if err != nil {
		return err
	}
	job.Remote, job.Mode = runner.NewRemote(s, given), results.ModeServer
	if job.Chat, err = job.Remote.Chat(job.Spec); err != nil {
		return err
	}
	if err := job.Remote.Probe(c.Context, job.Spec, job.Chat); err != nil {
		return err
	}
	say := notice(c)
	say(fmt.Sprintf("%s serves %s: %s", s.Name(), s.Model, s.Can))
	if s.Can.NoScoring != "" {
		say("warning: it scores no prompts: " + s.Can.NoScoring)
	}
	return nil
}

func serverOptions(c *cli.Context) (server.Options, error) {
	o := server.Options{Concurrency: c.Int("concurrency"), Key: os.Getenv("OPENAI_API_KEY"), Seed: uint64(c.Int64("seed")), Notice: notice(c)}
	if o.Concurrency < 1 {
		return o, usagef("--concurrency %d: at least 1", o.Concurrency)
	}
	for _, v := range c.StringSlice("server") {
		for pair := range strings.SplitSeq(v, ",") {
			key, value, _ := strings.Cut(pair, "=")
			var err error
			switch strings.TrimSpace(key) {
			case "retries":
				o.Retries, err = positive(value)
			case "context":
				o.Context, err = positive(value)
			case "timeout":
				if o.Timeout, err = time.ParseDuration(value); err == nil && o.Timeout <= 0 {
					err = fmt.Errorf("not above 0")
				}
			default:
				err = fmt.Errorf("unknown, use retries, timeout or context")
			}
			if err != nil {
				return o, usagef("--server %s: %v", pair, err)
			}
		}
	}
	return o, nil
}

func positive(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("not a whole number of at least 1")
	}
	return n, nil
}

// givenTokenizer reads --tokenizer, nil without it.
func givenTokenizer(c *cli.Context) (*tokenizer.Tokenizer, error) {
	name := c.String("tokenizer")
	if name == "" {
		return nil, nil
	}
	models, err := newModelHub(c)
	if err != nil {
		return nil, err
	}
	path, err := fetch.Tokenizer(c.Context, name, models)
	if err != nil {
		return nil, fmt.Errorf("--tokenizer: %w", err)
	}
	return checkpoint.OpenTokenizer(path)
}
