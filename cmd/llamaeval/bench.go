package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/model"
	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner/bench"
)

func benchCommand() *cli.Command {
	return &cli.Command{
		Name:      "bench",
		Usage:     "measure a model's speed beside the machine's limits",
		UsageText: "llamaeval bench\nllamaeval bench --model m.gguf --format json > new.json\nllamaeval bench --model m.gguf --compare old.json",
		Flags: flags(modelFlag(),
			&cli.BoolFlag{Name: "offline", Usage: "do not fetch an alias"},
			&cli.IntFlag{Name: "threads", Usage: "cores to use: `N`", DefaultText: "all"},
			&cli.StringFlag{Name: "device", Usage: "auto, cpu or cuda: `DEVICE`", Value: "auto"},
			&cli.StringFlag{Name: "compare", Usage: "show the change against an earlier bench's JSON `FILE`"},
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
	if err := checkDevice(c.String("device"), model.Exact); err != nil {
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
	m, err := model.Open(r.Path, model.Options{Threads: n})
	if err != nil {
		return err
	}
	defer m.Close()
	report, err := bench.Run(m, n)
	if err != nil {
		return err
	}
	return benchTable(report, before).Write(c.App.Writer, format)
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
	t := results.Table{
		Columns: []results.Column{{Name: "test"}, {Name: "mode"}, {Name: "tokens/s", Right: true}, {Name: "GFLOP/s", Right: true}, {Name: "% of peak", Right: true}},
		Notes: []string{fmt.Sprintf("Limits: %.0f GFLOP/s of float32 multiply-adds (%s, %d cores), %.1f GB/s of memory copied.",
			r.Machine.FMA, r.Machine.ISA, r.Machine.Cores, r.Machine.Memory)},
		Value: r,
	}
	if before != nil {
		t.Columns = append(t.Columns, results.Column{Name: "change", Right: true})
	}
	for _, row := range r.Rows {
		cells := []string{row.Test, row.Mode, rate(row.Tokens), rate(row.GFlops), fmt.Sprintf("%.1f", row.Share)}
		if before != nil {
			cells = append(cells, change(row, before))
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
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
