// Command gpubars holds what was measured on a GPU against the bars for one of
// the H100's class, and prints a Markdown table; scripts/gpu-check calls it.
//
//	go run ./scripts/gpubars -bench BENCH.json FIGURES.jsonl...
//
// BENCH.json is of `llamaeval bench --format json` on a model of 7B shape in
// BF16. A line of FIGURES.jsonl is a figure of a peer on the same card, as
// scripts/gpu-peers prints it, or a time of ours:
//
//	{"what": "gemm-4096x4096x4096", "gflops": 700000}
//	{"what": "prefill-2048", "tokens_per_second": 20000, "with": "transformers 5.0, sdpa"}
//	{"what": "hellaswag-10", "of": "ours", "seconds": 30}
//	{"what": "hellaswag-10", "of": "reference", "seconds": 900}
//
// A bar without one of its figures says so. The exit code is 1 where a bar is
// missed, 0 else.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/runner/bench"
)

func main() {
	report := flag.String("bench", "", "JSON of llamaeval bench")
	flag.Parse()
	missed, err := run(os.Stdout, *report, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "gpubars:", err)
		os.Exit(2)
	}
	if missed {
		os.Exit(1)
	}
}

// A figure is one measurement beside the bench's.
type figure struct {
	What    string  `json:"what"`
	Of      string  `json:"of"`
	GFlops  float64 `json:"gflops"`
	Tokens  float64 `json:"tokens_per_second"`
	Seconds float64 `json:"seconds"`
	With    string  `json:"with"`
}

func run(w io.Writer, report string, files []string) (missed bool, err error) {
	var b bench.Report
	if report != "" {
		data, err := os.ReadFile(report)
		if err == nil {
			err = json.Unmarshal(data, &b)
		}
		if err != nil {
			return false, fmt.Errorf("%s: %w", report, err)
		}
	}
	var figures []figure
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return false, err
		}
		d := json.NewDecoder(f)
		for {
			var x figure
			err := d.Decode(&x)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				f.Close()
				return false, fmt.Errorf("%s: %w", name, err)
			}
			figures = append(figures, x)
		}
		f.Close()
	}
	fmt.Fprintln(w, "| what | bar | ours | peer | found | |\n|---|---|---|---|---|---|")
	for _, l := range bars(b, figures) {
		fmt.Fprintf(w, "| %s |\n", strings.Join([]string{l.what, l.bar, l.ours, l.peer, l.found, l.verdict()}, " | "))
		missed = missed || l.measured && !l.met
	}
	return missed, nil
}

// A line is a bar and what was found.
type line struct {
	what, bar, ours, peer, found string
	measured, met                bool
}

func (l line) verdict() string {
	switch {
	case !l.measured:
		return "not measured"
	case l.met:
		return "met"
	default:
		return "**missed**"
	}
}

func bars(b bench.Report, figures []figure) []line {
	row := func(test string) bench.Row {
		i := slices.IndexFunc(b.Rows, func(r bench.Row) bool { return r.Test == test && r.Mode == "fast" })
		if i < 0 {
			return bench.Row{}
		}
		return b.Rows[i]
	}
	find := func(what, of string) figure {
		i := slices.IndexFunc(figures, func(f figure) bool { return f.What == what && f.Of == of })
		if i < 0 {
			return figure{}
		}
		return figures[i]
	}
	var out []line
	matmul := 0.0 // the card's measured rate
	for _, r := range b.Rows {
		if !strings.HasPrefix(r.Test, "gemm-") || r.Mode != "fast" {
			continue
		}
		peer := find(r.Test, "")
		matmul = max(matmul, peer.GFlops)
		out = append(out, ratio("BF16 "+r.Test, "70% of torch's matmul", 0.7, r.GFlops/1e3, peer.GFlops/1e3, "TFLOP/s", percent))
	}
	prefill, peer := row("prefill-2048"), find("prefill-2048", "")
	out = append(out,
		ratio("prefill-2048", "50% of the card's matmul rate", 0.5, prefill.GFlops/1e3, matmul/1e3, "TFLOP/s", percent),
		ratio("prefill-2048", "1.5 times transformers", 1.5, prefill.Tokens, peer.Tokens, "tokens/s", times, peer.With))
	decode := row("decode-64")
	// A step reads all weights and what the sequences have of the cache.
	out = append(out, ratio("decode-64", "60% of memory's bandwidth", 0.6, decode.Weights+decode.Cache, b.Machine.Memory, "GB/s", percent))
	for _, task := range []string{"hellaswag-10", "mmlu-5"} {
		ours, reference := find(task, "ours"), find(task, "reference")
		out = append(out, ratio(task+", whole process", "20 times the reference", 20, reference.Seconds, ours.Seconds, "s", times, reference.With))
		last := &out[len(out)-1]
		last.ours, last.peer = last.peer, last.ours // less is better
	}
	return out
}

func percent(x float64) string { return fmt.Sprintf("%.0f%%", 100*x) }
func times(x float64) string   { return fmt.Sprintf("%.1f times", x) }

// ratio is a bar on a quotient of two figures; 0 is one that is not there.
func ratio(what, bar string, least, a, b float64, unit string, say func(float64) string, with ...string) line {
	figure := func(x float64) string {
		if x == 0 {
			return ""
		}
		return fmt.Sprintf("%.4g %s", x, unit)
	}
	l := line{what: what, bar: "at least " + bar, ours: figure(a), peer: figure(b)}
	if s := strings.Join(with, ""); s != "" && b > 0 {
		l.peer += " (" + s + ")"
	}
	if a > 0 && b > 0 {
		l.measured, l.met, l.found = true, a/b >= least, say(a/b)
	}
	return l
}
