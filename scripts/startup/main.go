// Command startup measures how long it takes from starting llamaeval to its
// first scored token, and prints the median, the best and the worst time.
//
//	make build && go run ./scripts/startup
//	go run ./scripts/startup -n 21 -limit 0.3 -- --model m.gguf --task gsm8k --sample
//
// What follows "--" are arguments of `llamaeval run`; the default is one
// document of PIQA from the embedded sample. One run before the measured ones
// brings the model into the page cache. The moment of the first token is that
// of first_token in run.json: the end of the first step of computing, whose
// tokens are those of all first requests together, so that a task with short
// prompts and few documents is the one to measure with. With -limit the exit
// code is 1 if the median is above.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	bin := flag.String("bin", "bin/llamaeval", "the program")
	n := flag.Int("n", 11, "measured runs")
	limit := flag.Float64("limit", 0, "seconds that the median may take; 0: no limit")
	flag.Parse()
	args := flag.Args()
	if len(args) == 0 {
		args = []string{"--task", "piqa", "--limit", "1", "--sample"}
	}
	if err := measure(*bin, args, *n, *limit); err != nil {
		fmt.Fprintln(os.Stderr, "startup:", err)
		os.Exit(1)
	}
}

func measure(bin string, args []string, n int, limit float64) error {
	if n < 1 {
		return fmt.Errorf("-n %d: at least 1", n)
	}
	var seconds []float64
	for i := range n + 1 {
		s, err := once(bin, args)
		if err != nil {
			return err
		}
		if i > 0 {
			seconds = append(seconds, s)
		}
	}
	slices.Sort(seconds)
	median := seconds[n/2]
	fmt.Printf("start to first token: median %.3f s, best %.3f s, worst %.3f s of %d runs\n", median, seconds[0], seconds[n-1], n)
	if limit > 0 && median > limit {
		return fmt.Errorf("%.3f s is above the limit of %.3f s", median, limit)
	}
	return nil
}

// once runs the program in a new folder and returns the seconds until its
// first token.
func once(bin string, args []string) (float64, error) {
	dir, err := os.MkdirTemp("", "startup")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "out")
	cmd := exec.Command(bin, slices.Concat([]string{"run", "--quiet", "--out", out}, args)...)
	cmd.Stderr = os.Stderr
	started := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w", cmd, err)
	}
	data, err := os.ReadFile(filepath.Join(out, "run.json"))
	if err != nil {
		return 0, err
	}
	var run struct {
		FirstToken time.Time `json:"first_token"`
	}
	if err := json.Unmarshal(data, &run); err != nil {
		return 0, err
	}
	if run.FirstToken.IsZero() {
		return 0, fmt.Errorf("%s: run.json has no first_token", cmd)
	}
	return run.FirstToken.Sub(started).Seconds(), nil
}
