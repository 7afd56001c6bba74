// Command benchhistory appends what `llamaeval bench --format json` prints to
// docs/bench-history.jsonl, a line a run, and says what has changed since the
// last line of a machine of the same kind.
//
//	make bench
//	bin/llamaeval bench --format json | go run ./scripts/benchhistory
//	go run ./scripts/benchhistory -file elsewhere.jsonl < bench.json
//
// Rates depend on what else the machine does; their shares of the limits that
// the same run measured depend on it less, so the change is that of the shares.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/llamaeval/llamaeval/runner/bench"
)

// An entry is one line of the history.
type entry struct {
	Date      time.Time     `json:"date"`
	Commit    string        `json:"commit"`    // as git describes it
	Processor string        `json:"processor"` // its name, where the system says it
	Machine   bench.Machine `json:"machine"`   // limits, measured by the same run
	Rows      []bench.Row   `json:"rows"`      // rates, and their percentages of the limits
}

func main() {
	path := flag.String("file", "docs/bench-history.jsonl", "the history")
	flag.Parse()
	if err := run(*path, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchhistory:", err)
		os.Exit(1)
	}
}

func run(path string, in io.Reader, out io.Writer) error {
	e, err := newEntry(in)
	if err != nil {
		return err
	}
	before, err := readHistory(path)
	if err != nil {
		return err
	}
	commit, err := exec.Command("git", "describe", "--tags", "--always", "--dirty").Output()
	if err != nil {
		return fmt.Errorf("which commit this is cannot be told: git describe: %w", err)
	}
	e.Date, e.Commit, e.Processor = time.Now().UTC().Truncate(time.Second), strings.TrimSpace(string(commit)), processor()
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return show(out, e, last(before, e))
}

// newEntry reads a bench's report. Its times by kernel are for a closer look.
func newEntry(in io.Reader) (entry, error) {
	var r bench.Report
	if err := json.NewDecoder(in).Decode(&r); err != nil || len(r.Rows) == 0 {
		return entry{}, fmt.Errorf("the input is not the JSON of a bench (%w): pipe `llamaeval bench --format json` in", errors.Join(err, errors.New("no rows")))
	}
	for i := range r.Rows {
		r.Rows[i].Kernels = nil
	}
	return entry{Machine: r.Machine, Rows: r.Rows}, nil
}

// readHistory reads all entries; there may be no file yet.
func readHistory(path string) ([]entry, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []entry
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var e entry
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&e); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		all = append(all, e)
	}
	return all, lines.Err()
}

// last is the newest entry of a machine like e's, nil if there is none.
func last(before []entry, e entry) *entry {
	for i := len(before) - 1; i >= 0; i-- {
		b := before[i]
		if b.Processor == e.Processor && b.Machine.ISA == e.Machine.ISA && b.Machine.Cores == e.Machine.Cores && b.Machine.Device == e.Machine.Device {
			return &before[i]
		}
	}
	return nil
}

// show prints shares of the limits beside those of the earlier entry.
func show(out io.Writer, e entry, before *entry) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "test\tmode\ttokens/s\t% of peak\tbefore\t% of memory\tbefore\t")
	for _, r := range e.Rows {
		peak, memory := "", ""
		if old := row(before, r); old != nil {
			peak, memory = percent(old.Share), percent(old.Memory)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", r.Test, r.Mode, percent(r.Tokens), percent(r.Share), peak, percent(r.Memory), memory)
	}
	return w.Flush()
}

func row(e *entry, like bench.Row) *bench.Row {
	if e == nil {
		return nil
	}
	for i, r := range e.Rows {
		if r.Test == like.Test && r.Mode == like.Mode {
			return &e.Rows[i]
		}
	}
	return nil
}

func percent(v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", v)
}

// processor is the name that Linux gives the first core; empty elsewhere.
func processor() string {
	data, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(data)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
