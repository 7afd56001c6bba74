package tasks

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// largeFolder writes n task files that include one template, an hour old.
func largeFolder(t *testing.T, n int) string {
	t.Helper()
	files := map[string]string{"_template": strings.Replace(minimal, "task: t\n", "tag: old\n", 1)}
	for i := range n {
		files[fmt.Sprintf("d%d/t%d.yaml", i%7, i)] = fmt.Sprintf("include: ../_template\ntask: t%d\nnum_fewshot: %d\n", i, i%5)
	}
	dir := write(t, files)
	for name := range files {
		age(t, filepath.Join(dir, name), time.Hour)
	}
	return dir
}

func age(t *testing.T, file string, by time.Duration) {
	t.Helper()
	at := time.Now().Add(-by)
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
}

func rewrite(t *testing.T, file, old, repl string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(data), old, repl, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// kept opens a registry on a folder with its index in another, and returns
// how many files of the folder were read.
func kept(t *testing.T, dir, index string) (*Registry, int64) {
	t.Helper()
	r, err := NewRegistry(Options{TasksDirs: []string{dir}, IndexDir: index})
	if err != nil {
		t.Fatal(err)
	}
	return r, r.files.reads.Load() - ownReads()
}

// ownReads is how many of our own files a registry reads.
var ownReads = sync.OnceValue(func() int64 {
	f := newFiles()
	f.scan(builtinSources(), nil)
	return f.reads.Load()
})

// TestOneTaskReadsItsFiles: with the index kept, opening a large folder reads
// none of its files, and loading a task reads the task's and what it includes.
func TestOneTaskReadsItsFiles(t *testing.T) {
	const n = savedFrom + 20
	dir, index := largeFolder(t, n), t.TempDir()
	first, reads := kept(t, dir, index)
	if reads != n+1 {
		t.Errorf("the first time %d files were read, want %d", reads, n+1)
	}
	second, reads := kept(t, dir, index)
	if reads != 0 {
		t.Errorf("the second time %d files were read, want none", reads)
	}
	tasks, groups := first.List()
	if again, g := second.List(); !cmp.Equal(tasks, again) || !cmp.Equal(groups, g) {
		t.Error("the kept index lists other tasks")
	}
	before := second.files.reads.Load()
	task, err := second.Load("t17")
	if err != nil || *task.NumFewshot != 2 || second.files.reads.Load()-before != 2 {
		t.Errorf("t17: %+v, %v, %d files read, want 2", task, err, second.files.reads.Load()-before)
	}
}

// TestKeptIndexSeesChanges: of files, of templates, and of the folder.
func TestKeptIndexSeesChanges(t *testing.T) {
	const n = savedFrom + 20
	dir, index := largeFolder(t, n), t.TempDir()
	kept(t, dir, index)

	file := filepath.Join(dir, "d3", "t3.yaml")
	rewrite(t, file, "task: t3", "task: t3new")
	age(t, file, time.Minute)
	if r, reads := kept(t, dir, index); r.entries["t3"] != nil || r.entries["t3new"] == nil || reads != 2 {
		t.Errorf("a changed file: %d files read", reads)
	}
	os.Remove(file)
	if r, reads := kept(t, dir, index); r.entries["t3new"] != nil || reads != 0 {
		t.Errorf("a removed file: still there, %d files read", reads)
	}
	template := filepath.Join(dir, "_template")
	rewrite(t, template, "tag: old", "tag: new")
	age(t, template, time.Minute)
	if r, reads := kept(t, dir, index); len(r.tags["new"]) != n-1 || r.tags["old"] != nil || reads != n {
		t.Errorf("a changed template: %d new, %d old, %d files read", len(r.tags["new"]), len(r.tags["old"]), reads)
	}
	added := filepath.Join(dir, "added.yaml")
	if err := os.WriteFile(added, []byte("include: _template\ntask: added\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // it could change again within the clock's tick
		if r, reads := kept(t, dir, index); r.entries["added"] == nil || reads != 2 {
			t.Errorf("a file of this moment: %d files read, want 2", reads)
		}
	}
}

// TestKeptIndexIsNotNeeded: a broken index counts as none, and small folders
// have none.
func TestKeptIndexIsNotNeeded(t *testing.T) {
	const n = savedFrom + 20
	dir, index := largeFolder(t, n), t.TempDir()
	kept(t, dir, index)
	files, err := filepath.Glob(filepath.Join(index, "*.index"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q, %v", files, err)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{"", "nonsense", string(whole[:len(whole)/2])} {
		if err := os.WriteFile(files[0], []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
		if r, reads := kept(t, dir, index); reads != n+1 || r.entries["t5"] == nil {
			t.Errorf("%d bytes of index: %d files read, want %d", len(data), reads, n+1)
		}
	}
	small := t.TempDir()
	kept(t, largeFolder(t, 20), small)
	if left, _ := os.ReadDir(small); len(left) != 0 {
		t.Errorf("a small folder has an index: %v", left)
	}
}

// TestChangeThatDoesNotShow: a task is never loaded under another's name.
func TestChangeThatDoesNotShow(t *testing.T) {
	dir, index := largeFolder(t, savedFrom+20), t.TempDir()
	file := filepath.Join(dir, "d3", "t3.yaml")
	before, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	kept(t, dir, index)
	rewrite(t, file, "task: t3", "task: x3")
	if err := os.Chtimes(file, before.ModTime(), before.ModTime()); err != nil {
		t.Fatal(err)
	}
	r, _ := kept(t, dir, index)
	if _, err := r.Load("t3"); err == nil || !strings.Contains(err.Error(), "no longer defines the task t3") {
		t.Errorf("got %v", err)
	}
}
