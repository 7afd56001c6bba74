//go:build linux

// Command memory measures the peak memory of runs against what is promised:
// the weights as in the file, plus --memory, plus 200 MB, whatever the suite.
// It prints a table and exits with 1 if a run took more.
//
//	make build && go run ./scripts/memory
//	go run ./scripts/memory -seconds 60 -memory 160MiB,1GiB -hub FOLDER mmlu:5 gsm8k:8 mmlu,gsm8k,piqa:5
//
// Each argument is a value of --task, a colon and a number of shots. The peak
// is VmHWM of the process, in which the mapped weights count. A suite takes
// hours and its memory is at its height soon: loading the data, encoding the
// prompts and filling the cache. So a run is interrupted after -seconds, or
// when it has ended. A bound on memory that is too small for the suite's
// longest prompt is shown as refused.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

const overhead = 200e6 // bytes beside weights and --memory

type bench struct {
	bin, model, hub string
	seconds         float64
}

func main() {
	b := bench{}
	flag.StringVar(&b.bin, "bin", "bin/llamaeval", "the program")
	flag.StringVar(&b.model, "model", "", "checkpoint `FILE`; default: the one that the alias smollm2-135m names")
	flag.StringVar(&b.hub, "hub", os.Getenv("LLAMAEVAL_HUB"), "where the data is; default: the cache")
	flag.Float64Var(&b.seconds, "seconds", 20, "of each run")
	memory := flag.String("memory", "144MiB,512MiB", "values of --memory")
	flag.Parse()
	suites := flag.Args()
	if len(suites) == 0 {
		suites = []string{"piqa:0", "gsm8k:8", "hellaswag:10", "mmlu:5"}
	}
	ok, err := b.table(suites, strings.Split(*memory, ","))
	if err != nil {
		fmt.Fprintln(os.Stderr, "memory:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// table measures every suite with every bound; ok says that all kept theirs.
func (b *bench) table(suites, memory []string) (ok bool, err error) {
	if b.model == "" {
		if b.model, err = b.aliasFile(); err != nil {
			return false, err
		}
	}
	info, err := os.Stat(b.model)
	if err != nil {
		return false, err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "suite\tmemory\tpeak MB\tbound MB\tbeside weights and memory MB\t\n")
	ok = true
	for _, suite := range suites {
		for _, m := range memory {
			bytes, err := parse(m)
			if err != nil {
				return false, err
			}
			peak, refused, err := b.peak(suite, m)
			if err != nil {
				return false, err
			}
			if refused {
				fmt.Fprintf(w, "%s\t%s\trefused\t\t\t\n", suite, m)
				continue
			}
			bound := float64(info.Size()) + bytes + overhead
			mark := ""
			if peak > bound {
				ok, mark = false, "TOO MUCH"
			}
			fmt.Fprintf(w, "%s\t%s\t%.0f\t%.0f\t%.0f\t%s\n", suite, m, peak/1e6, bound/1e6, (peak-float64(info.Size())-bytes)/1e6, mark)
		}
	}
	return ok, w.Flush()
}

// aliasFile asks the program where its default model lies.
func (b *bench) aliasFile() (string, error) {
	out, err := exec.Command(b.bin, "model", "info", "smollm2-135m", "--format", "csv").Output()
	if err != nil {
		return "", fmt.Errorf("%s model info: %w", b.bin, err)
	}
	for line := range strings.Lines(string(out)) {
		if path, found := strings.CutPrefix(strings.TrimSpace(line), "path,"); found {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s model info names no path", b.bin)
}

// peak runs a suite and returns the largest resident size in bytes.
func (b *bench) peak(suite, memory string) (bytesPeak float64, refused bool, err error) {
	task, shots, found := strings.Cut(suite, ":")
	if !found {
		return 0, false, fmt.Errorf("%s is not TASK:SHOTS", suite)
	}
	dir, err := os.MkdirTemp("", "memory")
	if err != nil {
		return 0, false, err
	}
	defer os.RemoveAll(dir)
	args := []string{"run", "--model", b.model, "--task", task, "--shots", shots, "--memory", memory, "--quiet", "--out", filepath.Join(dir, "out")}
	if b.hub != "" {
		args = append(args, "--hub", b.hub)
	}
	var messages bytes.Buffer
	cmd := exec.Command(b.bin, args...)
	cmd.Stderr = &messages
	if err := cmd.Start(); err != nil {
		return 0, false, err
	}
	timer := time.AfterFunc(time.Duration(b.seconds*float64(time.Second)), func() { cmd.Process.Signal(os.Interrupt) })
	defer timer.Stop()
	err = cmd.Wait()
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	var exit *exec.ExitError
	switch {
	case strings.Contains(messages.String(), "raise --memory"):
		return 0, true, nil
	case errors.As(err, &exit) && exit.ExitCode() != 130: // 130: interrupted
		return 0, false, fmt.Errorf("%s: %w: %s", cmd, err, strings.TrimSpace(messages.String()))
	}
	return float64(usage.Maxrss) * 1024, false, nil
}

// parse reads a size like the program's flag: bytes, MiB or GiB.
func parse(s string) (float64, error) {
	unit := 1.0
	number := s
	for suffix, u := range map[string]float64{"MiB": 1 << 20, "GiB": 1 << 30} {
		if n, found := strings.CutSuffix(s, suffix); found {
			number, unit = n, u
		}
	}
	var n float64
	if _, err := fmt.Sscanf(number, "%g", &n); err != nil {
		return 0, fmt.Errorf("-memory %s: a number of bytes, MiB or GiB", s)
	}
	return n * unit, nil
}
