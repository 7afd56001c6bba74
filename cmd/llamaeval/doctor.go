package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/internal/sysmem"
	"github.com/llamaeval/llamaeval/kernels/cpu"
	"github.com/llamaeval/llamaeval/kernels/cuda"
	"github.com/llamaeval/llamaeval/model/fetch"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/sandbox"
	"github.com/llamaeval/llamaeval/tasks/hub"
)

func doctorCommand() *cli.Command {
	return &cli.Command{
		Name:      "doctor",
		Usage:     "say what this machine has, what is missing, and what to do next",
		UsageText: "llamaeval doctor\nllamaeval doctor --sandbox wasm=python.wasm\nllamaeval doctor --format json",
		Flags: flags(modelFlag(), hubFlags(),
			&cli.StringFlag{Name: "sandbox", Usage: "the `KIND` of sandbox to try: host, or wasm=PATH", Value: "host"},
			formatFlag(), quietFlag()),
		OnUsageError: wrongUsage,
		Action:       doctorAction,
	}
}

// A finding is one line of the doctor's report.
type finding struct {
	Check  string `json:"check"`
	State  string `json:"state"` // ok, note or problem
	Detail string `json:"detail"`
	Next   string `json:"next"`
}

const (
	stateOK      = "ok"
	stateNote    = "note"
	stateProblem = "problem"
)

// diagnosis is what doctor prints as JSON.
type diagnosis struct {
	Checks  []finding       `json:"checks"`
	Sandbox sandboxFindings `json:"sandbox"`
}

type sandboxFindings struct {
	Kind   string          `json:"kind"`
	Works  bool            `json:"works"`
	Reason string          `json:"reason"` // why it does not
	Layers []sandbox.Layer `json:"layers"`
}

func doctorAction(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	if err := noArguments(c); err != nil {
		return err
	}
	if err := checkSandboxFlag(c); err != nil {
		return err
	}
	d := diagnosis{Checks: []finding{programFinding(), processorFinding(), memoryFinding(), deviceFinding(), cacheFinding(),
		modelFinding(c), dataFinding(c), tokenFinding()}}
	if d.Sandbox, err = sandboxFinding(c); err != nil {
		return err
	}
	return d.table().Write(c.App.Writer, format)
}

func programFinding() finding {
	return finding{Check: "program", State: stateOK, Detail: fmt.Sprintf("llamaeval %s, %s/%s, %s", version, runtime.GOOS, runtime.GOARCH, runtime.Version())}
}

func processorFinding() finding {
	have := cpu.Available()
	f := finding{Check: "processor", State: stateOK, Detail: fmt.Sprintf("%d cores; %s of %s", runtime.NumCPU(), have[0], strings.Join(have, ", "))}
	if asked := os.Getenv(cpu.Variable); asked != "" {
		f.State, f.Detail = stateNote, f.Detail+fmt.Sprintf("; %s=%s", cpu.Variable, asked)
		f.Next = "unset " + cpu.Variable + " for the fastest kernels"
	} else if have[0] == "portable" {
		f.State, f.Next = stateNote, "the portable kernels are slow: a processor with AVX2 or NEON is many times faster"
	}
	return f
}

func memoryFinding() finding {
	total, err := sysmem.Total()
	if err != nil {
		return finding{"memory", stateNote, err.Error(), "give --memory to run"}
	}
	f := finding{Check: "memory", State: stateOK, Detail: fmt.Sprintf("%.1f GB; a run takes the model, %.1f GB for its cache (--memory) and 0.2 GB", float64(total)/1e9, float64(total)/4e9)}
	if total < 2e9 {
		f.State, f.Next = stateNote, "use a small or quantised model"
	}
	return f
}

// deviceFinding lists what --device can name beside cpu.
func deviceFinding() finding {
	f := finding{Check: "device", State: stateOK, Detail: "cpu"}
	if !cuda.Built {
		f.Next = "for NVIDIA GPUs use the program that make cuda builds"
		return f
	}
	all, err := cuda.Devices()
	if err == nil {
		err = cuda.Available()
	}
	for _, d := range all {
		f.Detail += fmt.Sprintf("; cuda:%d: %s, compute capability %s, %.1f GB, driver for CUDA %s", d.Index, d.Name, d.Capability, float64(d.Memory)/1e9, d.Driver)
	}
	if err != nil {
		f.State, f.Next = stateNote, "a GPU needs compute capability 8.0 and a driver of version 525 or newer"
		f.Detail += "; no GPU: " + err.Error()
	}
	return f
}

// cacheFinding writes to the folder to see that it can.
func cacheFinding() finding {
	dir, err := cacheDir()
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(dir, ".doctor-*"); err == nil {
			err = errors.Join(f.Close(), os.Remove(f.Name()))
		}
	}
	if err != nil {
		return finding{"cache", stateProblem, err.Error(), "set LLAMAEVAL_CACHE to a folder that can be written"}
	}
	return finding{Check: "cache", State: stateOK, Detail: dir}
}

func modelFinding(c *cli.Context) finding {
	name := c.String("model")
	cache, err := cacheDir()
	if err != nil {
		return finding{"model", stateProblem, err.Error(), "set LLAMAEVAL_CACHE"}
	}
	r, err := fetch.Resolve(c.Context, name, fetch.Options{CacheDir: cache, Offline: true})
	if err != nil {
		return finding{"model", stateNote, name + " is not on this machine", "llamaeval model pull " + name + ", or --model FILE"}
	}
	return finding{Check: "model", State: stateOK, Detail: r.Name + ": " + r.Path}
}

// dataFinding says where benchmarks come from.
func dataFinding(c *cli.Context) finding {
	source := c.String("hub")
	switch {
	case source == "" && offline(c):
		return finding{"data", stateNote, "only what is in the cache: this machine is offline", "llamaeval data list shows what there is; --sample needs nothing"}
	case source == "":
		return finding{"data", stateOK, "the cache, then the hub", "llamaeval data pull TASK fetches ahead of a run"}
	case strings.Contains(source, "://"):
		return finding{Check: "data", State: stateOK, Detail: "only " + source}
	}
	if info, err := os.Stat(source); err != nil || !info.IsDir() {
		return finding{"data", stateProblem, source + " is no folder", "correct --hub or LLAMAEVAL_HUB"}
	}
	return finding{Check: "data", State: stateOK, Detail: "only the folder " + filepath.Clean(source)}
}

func tokenFinding() finding {
	if hub.Token() == "" {
		return finding{"hub token", stateOK, "none", "HF_TOKEN or HF_HOME/token, for data that asks for one"}
	}
	return finding{Check: "hub token", State: stateOK, Detail: "there is one"}
}

// sandboxFinding tries to build what generated programs would run in.
func sandboxFinding(c *cli.Context) (sandboxFindings, error) {
	f := sandboxFindings{Kind: "host", Layers: []sandbox.Layer{}}
	var err error
	if c.String("sandbox") == "host" {
		var layers []sandbox.Layer
		layers, err = sandbox.Layers(c.Context)
		f.Layers = append(f.Layers, layers...)
	} else {
		f.Kind = "wasm"
		var s sandbox.Sandbox
		if s, err = sandboxOf(c); err == nil {
			f.Kind = s.Kind()
			err = errors.Join(s.Check(c.Context), s.Close())
		}
	}
	if c.Context.Err() != nil {
		return f, c.Context.Err()
	}
	if f.Works = err == nil; !f.Works {
		f.Reason = err.Error()
	}
	return f, nil
}

func (d diagnosis) table() results.Table {
	t := results.Table{Columns: []results.Column{{Name: "check"}, {Name: "state"}, {Name: "detail", Wrap: 100}}, Tight: true, Value: d}
	add := func(check, state, detail, next string) {
		if next != "" {
			detail += "; next: " + next
		}
		t.Rows = append(t.Rows, []string{check, state, detail})
	}
	for _, f := range d.Checks {
		add(f.Check, f.State, f.Detail, f.Next)
	}
	whole := finding{"sandbox", stateOK, d.Sandbox.Kind + ": generated programs run in it (--allow-code-execution)", ""}
	if !d.Sandbox.Works {
		whole.State, whole.Detail = stateProblem, d.Sandbox.Reason
		whole.Next = "tasks that run code need --sandbox wasm=PATH, or --unsafe-code-execution on a machine that may be harmed"
	}
	add(whole.Check, whole.State, whole.Detail, whole.Next)
	for _, l := range d.Sandbox.Layers {
		state := "active"
		if !l.Active {
			state = "not active"
		}
		add("sandbox: "+l.Name, state, l.Detail, l.Next)
	}
	return t
}
