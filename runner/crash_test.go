package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/llamaeval/llamaeval/internal/durable"
	"github.com/llamaeval/llamaeval/internal/faultdisk"
	"github.com/llamaeval/llamaeval/runner/progress"
)

// long says that every case is tried, not a choice of them.
var long = os.Getenv("LLAMAEVAL_LONG") != ""

// A trial is one kind of run that is to survive everything.
type trial struct {
	name string
	job  func(t *testing.T) *Job
}

// trials are a plain run, one that draws several texts a document, and one
// that stops early. Their jobs may run again and again, each time anew.
func trials() []trial {
	few := func(s *Spec) { s.Limit.Count = 8 }
	draw := func(s *Spec) {
		n, temperature := 3, 0.9
		s.Gen.Samples, s.Gen.Temperature = &n, &temperature
	}
	return []trial{
		{"plain", func(t *testing.T) *Job { return newTestJob(t, 2, few) }},
		{"sampling", func(t *testing.T) *Job { return newTestJob(t, 2, few, draw) }},
		{"sequential", func(t *testing.T) *Job {
			j, _ := sequentialJob(t, 2, few)
			j.leastWave = 3
			return j
		}},
	}
}

// run does the job in a folder; a sequential one starts with a new stopper. It
// returns how many items it found done, -1 if it had no need to look.
func (tr trial) run(job *Job, out string) (done int, err error) {
	job.Out, done = out, -1
	if job.Sequential != nil {
		job.Sequential.Stopper = &countdown{left: map[string]int{"choice": 4, "text": 6}}
	}
	job.Progress = func(o progress.Options) *progress.P {
		done, o.Quiet = o.Done, true
		return progress.New(o)
	}
	_, err = job.Run(context.Background())
	return done, err
}

// whole returns the bytes of an undisturbed run and how many operations on
// files it took.
func (tr trial) whole(t *testing.T, job *Job) (want []byte, operations int) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "above", "out")
	disk := newDisk(t, filepath.Dir(filepath.Dir(out)), nil)
	defer durable.Replace(disk)()
	if _, err := tr.run(job, out); err != nil {
		t.Fatal(err)
	}
	return parquetFiles(t, out), disk.Operations()
}

func newDisk(t *testing.T, root string, fault func(n int, what, path string) error) *faultdisk.Disk {
	t.Helper()
	disk, err := faultdisk.New(root, durable.Current())
	if err != nil {
		t.Fatal(err)
	}
	disk.Fault = fault
	return disk
}

// every yields 0, 1, 2 ... below n, in short tests about `few` of them, the
// last always.
func every(n, few int) []int {
	step := 1
	if !long {
		step = max(1, n/few)
	}
	var out []int
	for i := 0; i < n; i += step {
		out = append(out, i)
	}
	return append(out, n-1)
}

// An error of any operation on a file, once or from then on, ends the run with
// a line that says why; the journal is whole, and the same command goes on to
// the same bytes.
func TestErrorAtEveryWrite(t *testing.T) {
	for _, tr := range trials() {
		t.Run(tr.name, func(t *testing.T) {
			job := tr.job(t)
			want, operations := tr.whole(t, job)
			for _, at := range every(operations, 12) {
				for _, sticky := range []bool{false, true} {
					tr.fail(t, job, want, at, sticky)
				}
			}
		})
	}
}

func (tr trial) fail(t *testing.T, job *Job, want []byte, at int, sticky bool) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "above", "out")
	failed := ""
	disk := newDisk(t, filepath.Dir(filepath.Dir(out)), func(n int, what, path string) error {
		// What takes space fails; a file can still be cut and removed.
		full := what == "write" || what == "sync" || what == "create" || what == "mkdir" || what == "open"
		if n == at || sticky && n > at && full {
			if failed == "" {
				failed = what + " " + path
			}
			return &os.PathError{Op: what, Path: path, Err: syscall.ENOSPC}
		}
		return nil
	})
	kept := 0
	job.afterItem = func(done int) { kept = done }
	restore := durable.Replace(disk)
	_, err := tr.run(job, out)
	restore()
	job.afterItem = nil
	if failed == "" {
		return // the items came in fewer batches
	}
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "out") {
		t.Fatalf("operation %d (%s) failed, the run said: %v", at, failed, err)
	}
	tr.goesOn(t, job, out, kept, want, fmt.Sprintf("operation %d (%s) failed, sticky %v", at, failed, sticky))
}

// goesOn resumes a folder and requires that what was kept is not computed
// again and that the bytes are those of a whole run.
func (tr trial) goesOn(t *testing.T, job *Job, out string, kept int, want []byte, after string) {
	t.Helper()
	done, err := tr.run(job, out)
	if err != nil {
		t.Fatalf("%s: the next run: %v", after, err)
	}
	if done >= 0 && done < kept {
		t.Fatalf("%s: %d items were kept, %d found again", after, kept, done)
	}
	if !bytes.Equal(parquetFiles(t, out), want) {
		t.Fatalf("%s: the results differ", after)
	}
	left, err := os.ReadDir(out)
	if err != nil || len(left) != 3 {
		t.Fatalf("%s: %v is left, %v", after, left, err)
	}
}

// A power cut loses what was not synced, in part and in any order, also when
// it comes again and again; no finished item is lost.
func TestPowerCut(t *testing.T) {
	cuts := 40
	if long {
		cuts = 300
	}
	for k, tr := range trials() {
		t.Run(tr.name, func(t *testing.T) {
			job := tr.job(t)
			want, operations := tr.whole(t, job)
			r := rand.New(rand.NewPCG(7, uint64(k)))
			for c := 0; c < cuts; {
				out := filepath.Join(t.TempDir(), "above", "out")
				kept := 0
				for again := 0; again < 4; again++ {
					at := r.IntN(operations)
					if again > 0 {
						at = r.IntN(20) // early in what is left
					}
					kept = tr.cut(t, job, out, at, kept, r)
					c++
				}
				tr.goesOn(t, job, out, kept, want, fmt.Sprintf("cut %d", c))
			}
		})
	}
}

// cut runs until a power cut at an operation and leaves on the disk what such
// a cut may. It returns how many items are kept.
func (tr trial) cut(t *testing.T, job *Job, out string, at, kept int, r *rand.Rand) int {
	t.Helper()
	last := ""
	disk := newDisk(t, filepath.Dir(filepath.Dir(out)), func(n int, what, path string) error {
		if n == at {
			last = what + " " + path
			return faultdisk.ErrCut
		}
		return nil
	})
	before := kept
	job.afterItem = func(done int) { kept = done }
	defer func() { job.afterItem = nil }()
	defer durable.Replace(disk)()
	done, err := tr.run(job, out)
	if err != nil && !errors.Is(err, faultdisk.ErrCut) {
		t.Fatalf("cut at operation %d (%s): %v", at, last, err)
	}
	if done >= 0 && done < before {
		t.Fatalf("cut at operation %d (%s): %d items were kept before, %d found again", at, last, done, before)
	}
	if err := disk.Image(r); err != nil {
		t.Fatal(err)
	}
	return kept
}
