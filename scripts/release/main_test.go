package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

var (
	packedAt = time.Date(2026, 3, 4, 5, 6, 8, 0, time.UTC)
	packed   = []file{{"LICENSE", []byte("free\n"), 0o644}, {"llamaeval", bytes.Repeat([]byte{0, 1, 2}, 5000), 0o755}}
)

// An archive is read back by its format's own package, and its bytes are a
// function of what is in it.
func TestArchives(t *testing.T) {
	want := []string{fmt.Sprint("f/LICENSE -rw-r--r-- 5 ", packedAt.Unix()), fmt.Sprint("f/llamaeval -rwxr-xr-x 15000 ", packedAt.Unix())}
	for name, tt := range map[string]struct {
		write func(io.Writer, string, []file, time.Time) error
		list  func([]byte) ([]string, error)
	}{"tar.gz": {writeTarGz, listTarGz}, "zip": {writeZip, listZip}} {
		var once, again bytes.Buffer
		if err := tt.write(&once, "f", packed, packedAt); err != nil {
			t.Fatal(err)
		}
		if err := tt.write(&again, "f", packed, packedAt.In(time.FixedZone("elsewhere", 3600))); err != nil {
			t.Fatal(err)
		}
		if name == "tar.gz" && !bytes.Equal(once.Bytes(), again.Bytes()) {
			t.Errorf("%s: other bytes in another time zone", name)
		}
		got, err := tt.list(once.Bytes())
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s holds %q, want %q (%v)", name, got, want, err)
		}
	}
}

func listTarGz(data []byte) (list []string, err error) {
	unpacked, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	for r := tar.NewReader(unpacked); ; {
		h, err := r.Next()
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, fmt.Sprint(h.Name, " ", h.FileInfo().Mode(), " ", h.Size, " ", h.ModTime.Unix()))
	}
}

func listZip(data []byte) (list []string, err error) {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	for _, f := range r.File {
		list = append(list, fmt.Sprint(f.Name, " ", f.Mode(), " ", f.UncompressedSize64, " ", f.Modified.Unix()))
	}
	return list, nil
}

// Two clones of one commit in two folders, each built without what the other
// has cached, give the same release.
func TestSameCommitSameBytes(t *testing.T) {
	if os.Getenv("LLAMAEVAL_LONG") == "" {
		t.Skip("builds the program twice from nothing: set LLAMAEVAL_LONG")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "release")
	execute(t, ".", nil, "go", "build", "-o", program, ".")
	var sums []string
	from := "../.."
	for _, name := range []string{"a", "another/folder"} {
		clone := filepath.Join(dir, name)
		execute(t, ".", nil, "git", "clone", "-q", from, clone)
		from = clone // the checkout's commit may be another by now
		env := []string{"GOCACHE=" + filepath.Join(dir, "cache", name)}
		execute(t, clone, env, program, "-version", "v0.0.1", "-targets", runtime.GOOS+"/"+runtime.GOARCH)
		data, err := os.ReadFile(filepath.Join(clone, "dist", "SHA256SUMS"))
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, string(data))
	}
	if sums[0] != sums[1] {
		t.Errorf("the same commit gave\n%s\nand\n%s", sums[0], sums[1])
	}
}

func execute(t *testing.T, dir string, env []string, name string, args ...string) {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), env...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}
