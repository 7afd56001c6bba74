package main

import (
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/results"
)

// version is stamped by the release build.
var version = "dev"

func newApp(stdout, stderr io.Writer) *cli.App {
	return &cli.App{
		Name:      "llamaeval",
		Usage:     "evaluate local Llama-family checkpoints",
		UsageText: "llamaeval run --task gsm8k --shots 8\nllamaeval tasks list\nllamaeval COMMAND --help",
		Version:   version,
		Writer:    stdout,
		ErrWriter: stderr,
		Commands: []*cli.Command{
			runCommand(), compareCommand(), leaderboardCommand(), reportCommand(), showCommand(), mergeCommand(), exportCommand(), indexCommand(), verifyCommand(), reproduceCommand(),
			tasksCommand(), dataCommand(), modelCommand(), benchCommand(), doctorCommand(),
		},

		HideHelpCommand:           true,
		DisableSliceFlagSeparator: true, // only --task and lists of numbers are split, by their own commands
		OnUsageError:              wrongUsage,
		ExitErrHandler:            func(*cli.Context, error) {}, // main reports
		Action: func(c *cli.Context) error {
			return cli.ShowAppHelp(c)
		},
	}
}

func wrongUsage(c *cli.Context, err error, _ bool) error {
	return usagef("%v: see `llamaeval %s --help`", err, commandName(c))
}

// Flags that several commands share.

func dataFlags() []cli.Flag {
	return append(sourceFlags(), &cli.BoolFlag{Name: "sample", Usage: "use the embedded sample instead of the benchmark's data"})
}

func sourceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "hub", Usage: "only source of datasets: the address of a hub or a mirror `FOLDER`", EnvVars: []string{"LLAMAEVAL_HUB"}},
		&cli.BoolFlag{Name: "offline", Usage: "use only what is on this machine (also: HF_HUB_OFFLINE=1)"},
		&cli.StringSliceFlag{Name: "tasks-dir", Usage: "`FOLDER` with task files of your own; may be repeated"},
	}
}

// machineFlags say what of this machine is used; no result depends on them.
func machineFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "threads", Usage: "cores to use: `N`", DefaultText: "all"},
		&cli.StringFlag{Name: "memory", Usage: "bound on the KV cache: `BYTES`, 64MiB or 2GB", DefaultText: "a quarter of the machine's memory"},
	}
}

func codeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "allow-code-execution", Usage: "run programs the model writes (HumanEval), in a sandbox"},
		&cli.BoolFlag{Name: "unsafe-code-execution", Usage: "with --allow-code-execution: run them even where no sandbox can be built"},
		&cli.StringFlag{Name: "sandbox", Usage: "where they run, `KIND` host (the Linux kernel's own) or wasm=PATH (CPython's WebAssembly build, on any system)", Value: "host"},
	}
}

func modelFlag() cli.Flag {
	return &cli.StringFlag{Name: "model", Usage: "checkpoint: a `FILE`, a folder, hf:org/name, ollama:name, openai:http://host:port/v1#name or an alias", Value: "smollm2-135m", EnvVars: []string{"LLAMAEVAL_MODEL"}}
}

func formatFlag(also ...string) cli.Flag {
	return &cli.StringFlag{Name: "format", Usage: "output `FORMAT`: " + strings.Join(append(results.Formats(), also...), ", "), Value: "table"}
}

func quietFlag() cli.Flag {
	return &cli.BoolFlag{Name: "quiet", Usage: "no progress, no messages: errors and results only"}
}

// promptFlags shape prompts; `run` and `tasks show` have them.
func promptFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "shots", Usage: "few-shot exemplars before each question: `N`", DefaultText: "the task's own"},
		&cli.StringFlag{Name: "fewshot", Usage: "draw exemplars once per task (fixed) or anew per document (reference): `RULE`", Value: "fixed"},
		&cli.StringFlag{Name: "limit", Usage: "evaluate `N` documents of each task, or a fraction of them"},
		&cli.StringFlag{Name: "limit-order", Usage: "which documents --limit takes, first or random: `ORDER`", Value: "first"},
		&cli.StringFlag{Name: "items", Usage: "evaluate only these documents: `I,J,K`"},
		&cli.Int64Flag{Name: "seed", Usage: "seed of every random choice", Value: defaultSeed},
		&cli.StringSliceFlag{Name: "gen", Usage: "generation options `KEY=VALUE`,... or a JSON object: temperature, top_p, n, max_tokens, until"},
		chatFlag(),
		&cli.StringFlag{Name: "system", Usage: "system instruction before the task's description: `TEXT`"},
		&cli.StringFlag{Name: "bos", Usage: "BOS token before each prompt: auto (as the tokenizer says), on, off", Value: "auto"},
	}
}

func flags(groups ...any) []cli.Flag {
	var out []cli.Flag
	for _, g := range groups {
		switch g := g.(type) {
		case cli.Flag:
			out = append(out, g)
		case []cli.Flag:
			out = append(out, g...)
		}
	}
	return out
}

// outputFormat checks --format before any work is done.
func outputFormat(c *cli.Context, also ...string) (string, error) {
	f := c.String("format")
	if slices.Contains(also, f) {
		return f, nil
	}
	if results.CheckFormat(f) != nil {
		return "", usagef("unknown format %q: choose one of %s", f, strings.Join(append(results.Formats(), also...), ", "))
	}
	return f, nil
}

// isTrue reads an environment variable as the hub's own client does.
func isTrue(name string) bool {
	switch strings.ToUpper(os.Getenv(name)) {
	case "1", "ON", "YES", "TRUE":
		return true
	}
	return false
}

// defaultSeed is the reference harness's few-shot seed.
const defaultSeed = 1234
