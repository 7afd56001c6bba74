//go:build unix

package leaderboard

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/llamaeval/llamaeval/internal/durable"
	"github.com/llamaeval/llamaeval/internal/objects"
	"github.com/llamaeval/llamaeval/internal/s3test"
	"github.com/llamaeval/llamaeval/results"
)

// manyByLong is how many runs LLAMAEVAL_LONG asks for, 1 for 10,000; without
// it the test is short.
func manyByLong(short int) int {
	switch n, _ := strconv.Atoi(os.Getenv("LLAMAEVAL_LONG")); n {
	case 0:
		return short
	case 1:
		return 10000
	default:
		return n
	}
}

// The bound on leaderboards and comparisons of 10,000 runs.
const bound = 5 * time.Second

// measured logs how long something takes, and holds what it takes of
// processors, ours and the store's, to the bound: the clock also shows what
// others compute there at the time. What is spread over cores may take two.
func measured(t *testing.T, what string, cores int, do func() error) {
	started, before, store := time.Now(), cpuTime(t), s3test.CPUTime()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	took, used, store := time.Since(started), cpuTime(t)-before, s3test.CPUTime()-store
	t.Logf("%s: %.2f s, %.2f s of processor time, the store's %.2f s", what, took.Seconds(), used.Seconds(), store.Seconds())
	if cores > 0 && used+store > time.Duration(cores)*bound {
		t.Errorf("%s takes %v of processor time, the store %v", what, used, store)
	}
}

// measureMany measures what is made of the runs at a root.
func measureMany(t *testing.T, root string) {
	board := func() error {
		b, err := Build([]string{root}, nil)
		if err == nil {
			err = b.Write(new(bytes.Buffer), "table")
		}
		return err
	}
	if !objects.Is(root) {
		measured(t, "leaderboard without an index", 2, board)
	}
	measured(t, "index", 0, func() error { _, _, err := results.WriteIndex(root); return err })
	measured(t, "leaderboard with it", 1, board)
	measured(t, "compare with it", 2, func() error { compared(t, root); return nil })
	measured(t, "index again", 0, func() error { _, _, err := results.WriteIndex(root); return err })
}

func TestTenThousandRuns(t *testing.T) {
	n := manyByLong(300)
	root := t.TempDir()
	defer durable.Replace(unsynced{durable.Current()})()
	manyRuns(t, root, n)
	measureMany(t, root)
	info, err := os.Stat(filepath.Join(root, results.IndexFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d runs, the index has %d bytes", n, info.Size())
}

// The same on a real object store.
func TestTenThousandStoredRuns(t *testing.T) {
	n := manyByLong(30)
	address := s3test.Start(t) + "/runs"
	t.Setenv("LLAMAEVAL_CACHE", t.TempDir())
	root := t.TempDir()
	defer durable.Replace(unsynced{durable.Current()})()
	manyRuns(t, root, n)
	p, err := objects.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	measured(t, "upload", 0, func() error { return upload(t.Context(), root, p) })
	measureMany(t, address)
}

func upload(ctx context.Context, root string, p objects.Place) error {
	var g errgroup.Group
	g.SetLimit(16)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		g.Go(func() error {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			return p.Put(ctx, filepath.ToSlash(name), data)
		})
		return nil
	})
	return errors.Join(err, g.Wait())
}

// unsynced writes without waiting for the disk.
type unsynced struct{ durable.Layer }

func (u unsynced) CreateTemp(dir, pattern string) (durable.File, error) {
	f, err := u.Layer.CreateTemp(dir, pattern)
	return unsyncedFile{f}, err
}

func (unsynced) SyncDir(string) error { return nil }

type unsyncedFile struct{ durable.File }

func (unsyncedFile) Sync() error { return nil }

func cpuTime(t testing.TB) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
