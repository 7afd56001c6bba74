package regular

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/mapped"
)

func TestReadIsBounded(t *testing.T) {
	path, want := filepath.Join(t.TempDir(), "file"), strings.Repeat("x", 1000)
	if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(path, 1000); err != nil || string(got) != want {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := Read(path, 999); err == nil || !strings.Contains(err.Error(), path+": is larger than 999 bytes") {
		t.Errorf("a file that is too large: %v", err)
	}
	if got, err := Read("/proc/self/environ", 1<<20); len(got) > 0 {
		t.Errorf("the environment was read: %q, %v", got, err)
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none"), 1); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
}

// Devices never end and pipes block: neither is opened.
func TestOnlyRegularFilesAreOpened(t *testing.T) {
	irregular := map[string]string{"folder": t.TempDir()}
	if runtime.GOOS != "windows" {
		irregular["device"] = "/dev/zero"
		irregular["pipe"] = pipe(t)
	}
	for name, path := range irregular {
		_, err := Read(path, 1<<20)
		var f mapped.Files
		_, err2 := f.Open(path, "test")
		for _, err := range []error{err, err2} {
			if err == nil || !strings.Contains(err.Error(), path+": is not a regular file") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
