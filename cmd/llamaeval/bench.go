package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/kernels/cuda"
	"github.com/llamaeval/llamaeval/model"
	"github.com/llamaeval/llamaeval/model/checkpoint"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/bench"
	"github.com/llamaeval/llamaeval/tasks/sample"
)

func benchCommand() *cli.Command {
	return &cli.Command{
		Name:      "bench",
		Usage:     "measure a model's speed beside the machine's limits",
		UsageText: "llamaeval bench\nllamaeval bench --model m.gguf --format json > new.json\nllamaeval bench --model m.gguf --compare old.json",
		Flags: flags(modelFlag(),
			&cli.BoolFlag{Name: "offline", Usage: "fetch nothing"},
			&cli.IntFlag{Name: "threads", Usage: "`N` cores are used", DefaultText: "all"},
			deviceFlag(),
			&cli.StringFlag{Name: "compare", Usage: "show the change against an earlier bench's JSON `FILE`", DefaultText: "none"},
			formatFlag(), quietFlag()),
		OnUsageError: wrongUsage,
		Action:       benchAction,
	}
}

func benchAction(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	if err := noArguments(c); err != nil {
		return err
	}
	device, err := benchDevice(c.String("device"))
	if err != nil {
		return err
	}
	n, err := threads(c)
	if err != nil {
		return err
	}
	before, err := earlier(c.String("compare"))
	if err != nil {
		return err
	}
	r, err := resolveModel(c.Context, c, c.String("model"))
	if err != nil {
		return err
	}
	text, err := benchText(r.Path)
	if err != nil {
		return err
	}
	report, err := bench.Run(bench.Options{Path: r.Path, Threads: n, Device: device, Text: text, Notice: notice(c)})
	if err != nil {
		return err
	}
	return benchTable(report, before).Write(c.App.Writer, format)
}

// benchDevice is the one device that is measured: auto is the first GPU where
// there is one.
func benchDevice(device string) (string, error) {
	if err := checkDevice(device, model.Exact); err != nil {
		return "", err
	}
	if device == autoDevice {
		if cuda.Available() != nil {
			return model.CPU, nil
		}
		device = model.CUDA
	}
	list, err := model.ParseDevices(device)
	if err == nil && len(list) > 1 {
		err = usagef("--device %s: bench measures one device at a time", device)
	}
	if err != nil {
		return "", err
	}
	return list[0], nil
}

// benchText is what the modes are compared on: the embedded GSM8K sample.
func benchText(path string) ([]int32, error) {
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := checkpoint.Tokenizer(f)
	if err != nil {
		return nil, err
	}
	rows, _ := sample.Open("openai/gsm8k", "main", "train")
	tokens := t.Encode(string(rows), false)
	return tokens[:min(len(tokens), 1024)], nil
}

// earlier reads the rates of an earlier bench, by test and mode.
func earlier(path string) (map[string]bench.Row, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r bench.Report
	if err := json.Unmarshal(data, &r); err != nil || len(r.Rows) == 0 {
		return nil, fmt.Errorf("%s is not the JSON of an earlier bench: make one with `llamaeval bench --format json`", path)
	}
	out := map[string]bench.Row{}
	for _, row := range r.Rows {
		out[row.Test+" "+row.Mode] = row
	}
	return out, nil
}

func benchTable(r bench.Report, before map[string]bench.Row) results.Table {
	t := results.Table{Value: r, Notes: benchNotes(r)}
	for _, name := range []string{"test", "mode"} {
		t.Columns = append(t.Columns, results.Column{Name: name})
	}
	for _, name := range []string{"tokens/s", "GFLOP/s", "% of peak", "GB/s", "% of memory"} {
		t.Columns = append(t.Columns, results.Column{Name: name, Right: true})
	}
	if before != nil {
		t.Columns = append(t.Columns, results.Column{Name: "change", Right: true})
	}
	for _, row := range r.Rows {
		cells := []string{row.Test, row.Mode, rate(row.Tokens), rate(row.GFlops), rate(row.Share), rate(row.Weights), rate(row.Memory)}
		if before != nil {
			cells = append(cells, change(row, before))
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// benchNotes are the machine's limits and where the time goes.
func benchNotes(r bench.Report) []string {
	m := r.Machine
	limits := fmt.Sprintf("Limits (%s, %d cores): %.0f GFLOP/s of float32 multiply-adds", strings.TrimSpace(m.Device+" "+m.ISA), m.Cores, m.FMA)
	if m.BF16 > 0 {
		limits += fmt.Sprintf(", %.0f of bfloat16", m.BF16)
	}
	notes := []string{
		limits + fmt.Sprintf(", %.0f GB/s read from memory.", m.Memory),
		"Peak: of the mode's limit; k-quants, which mode fast multiplies as bytes, may exceed it. GB/s: weights read, once a step, and their share of what memory gives.",
	}
	if r.Error != nil {
		notes = append(notes, "Mode fast: "+r.Error.String()+".")
	}
	for _, row := range r.Rows {
		if len(row.Kernels) > 0 {
			notes = append(notes, fmt.Sprintf("Time of %s %s: %s.", row.Test, row.Mode, kernelShares(row.Kernels)))
		}
	}
	return notes
}

// kernelShares lists kernels by their share of the time, the largest first.
func kernelShares(shares map[string]float64) string {
	names := slices.SortedFunc(maps.Keys(shares), func(a, b string) int {
		return cmp.Or(cmp.Compare(shares[b], shares[a]), cmp.Compare(a, b))
	})
	var list []string
	for _, name := range names {
		list = append(list, fmt.Sprintf("%s %.1f%%", name, shares[name]))
	}
	return strings.Join(list, ", ")
}

func rate(v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", v)
}

// change is how much faster a test has become.
func change(row bench.Row, before map[string]bench.Row) string {
	old, ok := before[row.Test+" "+row.Mode]
	if !ok {
		return "new"
	}
	if row.Tokens > 0 && old.Tokens > 0 {
		return fmt.Sprintf("%+.1f%%", 100*(row.Tokens/old.Tokens-1))
	}
	return fmt.Sprintf("%+.1f%%", 100*(row.GFlops/old.GFlops-1))
}
