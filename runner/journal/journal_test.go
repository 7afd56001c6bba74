package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/internal/bounded"
)

const testHash = "0123456789abcdef"

func open(t testing.TB, path string) (*Journal, []string) {
	t.Helper()
	j, warnings, err := Open(path, testHash)
	if err != nil {
		t.Fatal(err)
	}
	return j, warnings
}

// payloads reads all records and closes the journal.
func payloads(t testing.TB, j *Journal) []string {
	t.Helper()
	var all []string
	for i := range j.Len() {
		p, err := j.Payload(i)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(p))
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return all
}

// sample writes a journal of a few records and returns its bytes and the
// offset at which each record ends.
func sample(t testing.TB) (content []byte, texts []string, ends []int64) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal")
	j, _ := open(t, path)
	texts = []string{"first", "", "a payload with \xf5REC in it", strings.Repeat("long ", 20)}
	for _, s := range texts {
		if err := j.Append([]byte(s)); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, j.size)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content, texts, ends
}

func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(dir, rapid.StringMatching(`[a-z]{12}`).Draw(rt, "name"))
		defer os.Remove(path)
		batches := rapid.SliceOfN(rapid.SliceOf(rapid.SliceOf(rapid.Byte())), 0, 5).Draw(rt, "batches")
		var want []string
		for _, b := range batches { // each batch by a process of its own
			j, warnings := open(t, path)
			if len(warnings) != 0 || j.Len() != len(want) {
				rt.Fatalf("%d records, %v", j.Len(), warnings)
			}
			if err := j.Append(b...); err != nil {
				rt.Fatal(err)
			}
			for _, p := range b {
				want = append(want, string(p))
			}
			if diff := cmp.Diff(want, payloads(t, j)); diff != "" {
				rt.Fatal(diff)
			}
		}
	})
}

// A crash leaves any prefix of what was being written.
func TestCutAtEveryByte(t *testing.T) {
	content, texts, ends := sample(t)
	path := filepath.Join(t.TempDir(), "journal")
	for cut := range len(content) + 1 {
		if err := os.WriteFile(path, content[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		whole := 0
		for _, end := range ends {
			if end <= int64(cut) {
				whole++
			}
		}
		j, warnings := open(t, path)
		if len(warnings) != 0 {
			t.Errorf("cut at %d: a torn tail is normal, yet %v", cut, warnings)
		}
		if err := j.Append([]byte("more")); err != nil {
			t.Fatal(err)
		}
		want := append(append([]string{}, texts[:whole]...), "more")
		if diff := cmp.Diff(want, payloads(t, j)); diff != "" {
			t.Errorf("cut at %d: %s", cut, diff)
		}
		j, _ = open(t, path)
		if diff := cmp.Diff(want, payloads(t, j)); diff != "" {
			t.Errorf("cut at %d, opened again: %s", cut, diff)
		}
	}
}

// After power loss a file may have its length but zeros instead of the tail.
func TestZeroTail(t *testing.T) {
	content, texts, ends := sample(t)
	path := filepath.Join(t.TempDir(), "journal")
	for _, keep := range []int64{0, ends[1], ends[1] + 3, ends[2] + 13} {
		if err := os.WriteFile(path, append(bytes.Clone(content[:keep]), make([]byte, 20)...), 0o644); err != nil {
			t.Fatal(err)
		}
		j, warnings := open(t, path)
		whole := 0
		for _, end := range ends {
			if end <= keep {
				whole++
			}
		}
		if got := payloads(t, j); len(got) != whole || cmp.Diff(texts[:whole], append([]string{}, got...)) != "" || warnings != nil {
			t.Errorf("kept %d: %q, %v", keep, got, warnings)
		}
	}
}

// Damage before further records is said; no damaged payload is ever returned.
func TestFlipEveryByte(t *testing.T) {
	content, texts, ends := sample(t)
	path := filepath.Join(t.TempDir(), "journal")
	head := len(header(testHash))
	for i := range content {
		bad := bytes.Clone(content)
		bad[i] ^= 0x40
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		j, warnings, err := Open(path, testHash)
		if i < head {
			if err == nil {
				t.Errorf("byte %d of the header: no error", i)
				j.Close()
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(after, bad) {
				t.Errorf("byte %d of the header: the file was changed", i)
			}
			continue
		}
		if err != nil {
			t.Errorf("byte %d: %v", i, err)
			continue
		}
		hit := 0
		for ends[hit] <= int64(i) {
			hit++
		}
		if diff := cmp.Diff(append([]string{}, texts[:hit]...), append([]string{}, payloads(t, j)...)); diff != "" {
			t.Errorf("byte %d: %s", i, diff)
		}
		wantWarning := hit < len(texts)-1
		if wantWarning != (len(warnings) == 1) {
			t.Errorf("byte %d in record %d of %d: warnings %v", i, hit, len(texts), warnings)
		}
	}
}

func TestForeignFiles(t *testing.T) {
	content, _, _ := sample(t)
	newer := bytes.Clone(content)
	newer[len(magic)] = 2
	tests := []struct {
		name    string
		content []byte
		hash    string
		want    string
	}{
		{"another file", []byte("hello, this is text and not a journal at all"), testHash, "not a journal"},
		{"short text", []byte("hi"), testHash, "not a journal"},
		{"another configuration", content, "fedcba9876543210", "another configuration (\"01234567\")"},
		{"shorter hash", content, "0123", "another configuration"},
		{"newer version", newer, testHash, "version 2 of the format"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "journal")
			if err := os.WriteFile(path, tt.content, 0o644); err != nil {
				t.Fatal(err)
			}
			_, _, err := Open(path, tt.hash)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(after, tt.content) {
				t.Error("the file was changed")
			}
		})
	}
	if _, _, err := Open(t.TempDir(), testHash); err == nil {
		t.Error("a folder was opened")
	}
}

// failing lets some bytes through and then reports a full disk.
type failing struct {
	file
	left       int64
	noTruncate bool
}

func (f *failing) WriteAt(p []byte, off int64) (int, error) {
	if int64(len(p)) <= f.left {
		f.left -= int64(len(p))
		return f.file.WriteAt(p, off)
	}
	n, err := f.file.WriteAt(p[:f.left], off)
	f.left -= int64(n)
	return n, errors.Join(syscall.ENOSPC, err)
}

func (f *failing) Truncate(size int64) error {
	if f.noTruncate {
		return syscall.EIO
	}
	return f.file.Truncate(size)
}

// The disk fills up after every possible number of bytes: what Append
// accepted is there, nothing else, and after making room it goes on.
func TestFullDisk(t *testing.T) {
	items := []string{"one", "two", "", "three and more"}
	path := filepath.Join(t.TempDir(), "journal")
	for room := range int64(70) {
		os.Remove(path)
		j, _ := open(t, path)
		real := j.file
		disk := &failing{file: real, left: room}
		j.file = disk
		var want []string
		for _, s := range items {
			err := j.Append([]byte(s))
			if err == nil {
				want = append(want, s)
			} else if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), path) {
				t.Fatalf("room %d: %v", room, err)
			}
		}
		if info, err := os.Stat(path); err != nil || info.Size() != j.size {
			t.Errorf("room %d: %d bytes on disk, %d in records, %v", room, info.Size(), j.size, err)
		}
		disk.left = 1000
		if err := j.Append([]byte("after")); err != nil {
			t.Fatal(err)
		}
		want = append(want, "after")
		payloads(t, j)
		j, warnings := open(t, path)
		if diff := cmp.Diff(want, payloads(t, j)); diff != "" || warnings != nil {
			t.Errorf("room %d: %v %s", room, warnings, diff)
		}
	}
}

// When the state of the file is unknown, nothing more is accepted.
func TestBroken(t *testing.T) {
	t.Run("no way back", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "journal")
		j, _ := open(t, path)
		disk := &failing{file: j.file, left: 5, noTruncate: true}
		j.file = disk
		if err := j.Append([]byte("lost")); !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, syscall.EIO) {
			t.Errorf("got %v", err)
		}
		disk.left, disk.noTruncate = 1000, false
		if err := j.Append([]byte("refused")); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("got %v", err)
		}
		j.Close()
		j, _ = open(t, path)
		if got := payloads(t, j); got != nil {
			t.Errorf("got %q", got)
		}
	})
	t.Run("failed sync", func(t *testing.T) {
		j, _ := open(t, filepath.Join(t.TempDir(), "journal"))
		ok := j.sync
		j.sync = func() error { return syscall.EIO }
		if err := j.Append([]byte("lost")); !errors.Is(err, syscall.EIO) {
			t.Errorf("got %v", err)
		}
		j.sync = ok
		if err := j.Append([]byte("refused")); !errors.Is(err, syscall.EIO) {
			t.Errorf("got %v", err)
		}
		if got := payloads(t, j); got != nil {
			t.Errorf("got %q", got)
		}
	})
	t.Run("closed", func(t *testing.T) {
		j, _ := open(t, filepath.Join(t.TempDir(), "journal"))
		payloads(t, j)
		if err := j.Append([]byte("late")); !errors.Is(err, os.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}

func TestConcurrentAppends(t *testing.T) {
	j, _ := open(t, filepath.Join(t.TempDir(), "journal"))
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 10 {
				if err := j.Append(fmt.Appendf(nil, "%d-%d", g, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	seen := make(map[string]bool)
	for _, p := range payloads(t, j) {
		seen[p] = true
	}
	if len(seen) != 40 {
		t.Errorf("%d of 40 records", len(seen))
	}
}

func TestPayloadOutOfRange(t *testing.T) {
	j, _ := open(t, filepath.Join(t.TempDir(), "journal"))
	defer j.Close()
	for _, i := range []int{-1, 0, 1} {
		if _, err := j.Payload(i); err == nil {
			t.Errorf("record %d of an empty journal", i)
		}
	}
}

// A length is only believed as far as the file has bytes for it.
func TestClaimedLength(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	claim := append(header(testHash), mark+"\xff\xff\xff\x3f\x00\x00\x00\x00"...)
	if err := os.WriteFile(path, claim, 0o644); err != nil {
		t.Fatal(err)
	}
	allocated := testing.AllocsPerRun(1, func() {
		j, _, err := Open(path, testHash)
		if err != nil || j.Len() != 0 {
			t.Fatal(err)
		}
		j.Close()
	})
	if allocated > 1000 {
		t.Errorf("%v allocations", allocated)
	}
}

// memory is a file without a disk, for many rounds in little time.
type memory struct{ data []byte }

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(m.data).ReadAt(p, off)
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	m.data = append(m.data[:off], p...)
	return len(p), nil
}

func (m *memory) Truncate(size int64) error { m.data = m.data[:size]; return nil }
func (m *memory) Close() error              { return nil }

// FuzzOpen: whatever lies on disk, Open returns, and what it keeps can be
// read, appended to and opened again.
func FuzzOpen(f *testing.F) {
	content, _, _ := sample(f)
	f.Add(content)
	f.Add(content[:len(content)-3])
	f.Add(header(testHash))
	f.Add(append(header(testHash), bytes.Repeat([]byte(mark), 50)...))
	again := func(m *memory) (*Journal, []string, error) {
		j := &Journal{path: "journal", file: m, sync: func() error { return nil }}
		warnings, err := j.recover(testHash, int64(len(m.data)))
		return j, warnings, err
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		bounded.Run(t, 256<<20, func() {
			m := &memory{bytes.Clone(data)}
			j, _, err := again(m)
			if err != nil {
				if !bytes.Equal(m.data, data) {
					t.Error("a refused file was changed")
				}
				bounded.Error(t, err)
				return
			}
			if err := j.Append([]byte("more")); err != nil {
				t.Fatal(err)
			}
			want := payloads(t, j)
			j, warnings, err := again(m)
			if err != nil || warnings != nil {
				t.Fatal(warnings, err)
			}
			if diff := cmp.Diff(want, payloads(t, j)); diff != "" {
				t.Error(diff)
			}
		})
	})
}
