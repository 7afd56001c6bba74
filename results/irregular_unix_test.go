//go:build unix

package results

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A stranger's results folder with a pipe or a device in a file's place is
// refused at once.
func TestIrregularFiles(t *testing.T) {
	for kind, put := range map[string]func(path string) error{
		"pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"device": func(path string) error { return os.Symlink("/dev/zero", path) },
	} {
		for name, read := range map[string]func(dir string) error{
			RunFile:     func(dir string) error { _, err := ReadRun(dir); return err },
			ScoresFile:  func(dir string) error { _, err := ReadScores(dir); return err },
			SamplesFile: func(dir string) error { return ReadMetrics(dir, false, func(MetricRow) {}) },
		} {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, RunFile), []byte("{}"), 0o600); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, name)
			os.Remove(path)
			if err := put(path); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- read(dir) }()
			select {
			case err := <-ended:
				if err == nil || !strings.Contains(err.Error(), path+": is not a regular file") {
					t.Errorf("%s as %s: %v", kind, name, err)
				}
			case <-time.After(30 * time.Second):
				t.Fatalf("%s as %s: it hangs", kind, name)
			}
		}
	}
}
