// Scaling measures how a run's time grows with its items: the same task with N
// and with ten times N documents, in turn, and the ratio of their median times.
// What lies before the first item (opening the model, reading data) is in both.
//
//	go run ./scripts/scaling -bin bin/llamaeval -task hellaswag -limit 40 -hub ../shared/hub
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	log.SetFlags(0)
	bin := flag.String("bin", "bin/llamaeval", "program to measure")
	task := flag.String("task", "hellaswag", "task to run")
	shots := flag.Int("shots", 0, "few-shot exemplars")
	limit := flag.Int("limit", 40, "documents of the small run")
	hub := flag.String("hub", "../shared/hub", "folder with the data")
	rounds := flag.Int("rounds", 3, "runs of each size; the median counts")
	flag.Parse()
	var times [2][]time.Duration
	for range *rounds {
		for i, n := range []int{*limit, 10 * *limit} {
			d, err := run(*bin, *task, *hub, *shots, n)
			if err != nil {
				log.Fatalf("scaling: %v", err)
			}
			times[i] = append(times[i], d)
		}
	}
	small, large := median(times[0]), median(times[1])
	fmt.Printf("%s, %d documents: %v; %d: %v; ratio %.2f\n", *task, *limit, small.Round(time.Millisecond), 10**limit, large.Round(time.Millisecond), large.Seconds()/small.Seconds())
}

// run times a whole process that writes to a folder of its own.
func run(bin, task, hub string, shots, limit int) (time.Duration, error) {
	dir, err := os.MkdirTemp("", "scaling")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command(bin, "run", "--task", task, "--shots", fmt.Sprint(shots), "--limit", fmt.Sprint(limit),
		"--hub", hub, "--offline", "--quiet", "--out", filepath.Join(dir, "out"))
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
	}
	return time.Since(start), nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
