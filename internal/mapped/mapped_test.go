package mapped

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

func write(t *testing.T, size int) (path string, data []byte) {
	t.Helper()
	data = make([]byte, size)
	rand.NewChaCha8([32]byte{1}).Read(data)
	path = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, data
}

// What was brought is the same at the same addresses, also for who reads it
// meanwhile, and no longer depends on the file.
func TestBring(t *testing.T) {
	for _, size := range []int{0, 1, 4095, 2 << 20, 5<<20 + 7, 40<<20 + 4097} {
		path, want := write(t, size)
		var f Files
		data, err := f.Open(path, "test")
		if err != nil {
			t.Fatal(err)
		}
		if f.Size() != int64(size) {
			t.Errorf("size %d, want %d", f.Size(), size)
		}
		var readers sync.WaitGroup
		readers.Go(func() {
			for range 5 {
				if !bytes.Equal(data, want) {
					t.Error("other bytes meanwhile")
				}
			}
		})
		f.Bring()
		readers.Wait()
		if !bytes.Equal(data, want) {
			t.Fatalf("%d bytes: others after they were brought", size)
		}
		if runtime.GOOS == "linux" && size > 8<<20 {
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
			if middle := data[size/2 : size/2+1<<20]; !bytes.Equal(middle, want[size/2:size/2+1<<20]) {
				t.Error("the copy changed with the file")
			}
		}
		for range 2 {
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestTake(t *testing.T) {
	path, want := write(t, 100)
	var a, b Files
	if _, err := a.Open(path, "test"); err != nil {
		t.Fatal(err)
	}
	data, err := b.Open(path, "test")
	if err != nil {
		t.Fatal(err)
	}
	a.Take(&b)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, want) || a.Size() != 200 || b.Size() != 0 {
		t.Errorf("sizes %d and %d after files changed hands", a.Size(), b.Size())
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}
