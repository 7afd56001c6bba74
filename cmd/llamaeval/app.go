package main

import (
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/results"
)

func newApp(stdout, stderr io.Writer) *cli.App {
	app := &cli.App{
		Name:  "llamaeval",
		Usage: "evaluate local Llama-family checkpoints",
		UsageText: strings.Join([]string{
			"llamaeval doctor                                     # what this machine has",
			"llamaeval run --task piqa --out base                 # score a small model",
			"llamaeval run --task piqa --model m.gguf --out new   # score yours",
			"llamaeval compare base new --gate 'd(piqa)>=-0.02'   # exit code 3: not passed",
		}, "\n"),
		Version:   version,
		Writer:    stdout,
		ErrWriter: stderr,
		Commands: []*cli.Command{
			runCommand(), compareCommand(), leaderboardCommand(), reportCommand(), showCommand(), mergeCommand(), exportCommand(), indexCommand(), verifyCommand(), reproduceCommand(),
			tasksCommand(), dataCommand(), modelCommand(), benchCommand(), doctorCommand(), completionCommand(), manCommand(),
		},

		HideHelpCommand:           true,
		DisableSliceFlagSeparator: true, // only --task and lists of numbers are split, by their own commands
		OnUsageError:              wrongUsage,
		ExitErrHandler:            func(*cli.Context, error) {}, // main reports
		Action: func(c *cli.Context) error {
			return cli.ShowAppHelp(c)
		},
	}
	addHelpAll(app.Commands)
	return app
}

func wrongUsage(c *cli.Context, err error, _ bool) error {
	return usagef("%v: see `llamaeval %s --help`", err, commandName(c))
}

// Flags that several commands share.

func dataFlags() []cli.Flag {
	return append(sourceFlags(), &cli.BoolFlag{Name: "sample", Usage: "use the embedded sample, which is not the benchmark"})
}

func sourceFlags() []cli.Flag { return append(hubFlags(), tasksDirFlag()) }

func hubFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "hub", Usage: "a mirror `FOLDER`, or a hub's address: the only source of data", DefaultText: "the public hub, then the cache", EnvVars: []string{"LLAMAEVAL_HUB"}},
		&cli.BoolFlag{Name: "offline", Usage: "fetch nothing (also: HF_HUB_OFFLINE=1)"},
	}
}

func tasksDirFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "tasks-dir", Usage: "a `FOLDER` with task files of your own; may be repeated", DefaultText: "none"}
}

// machineFlags say what of this machine is used; no result depends on them.
func machineFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "threads", Usage: "`N` cores are used", DefaultText: "all"},
		&cli.StringFlag{Name: "memory", Usage: "KV cache of at most `BYTES`, as 64MiB", DefaultText: "a quarter"},
	}
}

func codeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "allow-code-execution", Usage: "run the programs that the model writes, in a sandbox"},
		&cli.BoolFlag{Name: "unsafe-code-execution", Usage: "run them also where no sandbox can be built"},
		&cli.StringFlag{Name: "sandbox", Usage: "the `KIND` of sandbox: host (Linux), or wasm=PATH (CPython's WebAssembly build)", Value: "host"},
	}
}

// modelFlag names a checkpoint; also says what else it may name.
func modelFlag(also ...string) cli.Flag {
	return &cli.StringFlag{Name: "model", Usage: "a GGUF `FILE`, a folder, hf:org/name, ollama:name, an alias" + strings.Join(also, ""), Value: "smollm2-135m", EnvVars: []string{"LLAMAEVAL_MODEL"}}
}

func formatFlag(also ...string) cli.Flag {
	return &cli.StringFlag{Name: "format", Usage: "as `FORMAT`: " + strings.Join(append(results.Formats(), also...), ", "), Value: "table"}
}

func quietFlag() cli.Flag {
	return &cli.BoolFlag{Name: "quiet", Usage: "no progress, no messages: results and errors only"}
}

// promptFlags shape prompts; `run` and `tasks show` have them.
func promptFlags() []cli.Flag {
	return []cli.Flag{
		&cli.IntFlag{Name: "shots", Usage: "`N` exemplars before each question", DefaultText: "the task's"},
		&cli.StringFlag{Name: "fewshot", Usage: "the `RULE` for exemplars: fixed (once per task) or reference (anew for each document, as lm-evaluation-harness)", Value: "fixed"},
		&cli.StringFlag{Name: "limit", Usage: "`N` documents a task, or a share such as 0.1", DefaultText: "all"},
		&cli.StringFlag{Name: "limit-order", Usage: "the `ORDER` in which --limit takes them: first or random", Value: "first"},
		&cli.StringFlag{Name: "items", Usage: "only these documents, by number: `I,J,K`", DefaultText: "all"},
		&cli.Int64Flag{Name: "seed", Usage: "the whole number `N` that every random choice begins with", Value: defaultSeed},
		&cli.StringSliceFlag{Name: "gen", Usage: "`KEY=VALUE`,... or JSON: temperature, top_p, n (texts a document), max_tokens, until", DefaultText: "the task's own"},
		chatFlag(),
		&cli.StringFlag{Name: "system", Usage: "a `TEXT` before the task's description", DefaultText: "none"},
		&cli.StringFlag{Name: "bos", Usage: "a BOS token before each prompt, `WHEN`: auto (as the tokenizer says), on, off", Value: "auto"},
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
