package cuda

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The committed images are those of the committed sources. Whether the
// compiler agrees is checked by scripts/cuda-kernels --check.
func TestImagesAreCurrent(t *testing.T) {
	list, err := os.ReadFile("images/SHA256")
	if err != nil {
		t.Fatal(err)
	}
	hashes := map[string]string{}
	for line := range strings.Lines(string(list)) {
		hash, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok {
			t.Fatalf("images/SHA256: cannot read %q", line)
		}
		hashes[name] = hash
	}
	var files []string
	for _, pattern := range []string{"kernel/*", "images/*.gz", "../../scripts/cuda-kernels", "../../scripts/cuda-requirements.txt"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: no files (%v)", pattern, err)
		}
		files = append(files, found...)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(data)); got != hashes[name] {
			t.Errorf("%s has changed since the images were made: run make kernels", name)
		}
		delete(hashes, name)
	}
	for name := range hashes {
		t.Errorf("%s is gone since the images were made: run make kernels", name)
	}
}

// Drivers from version 525 on take these versions of PTX.
var oldest = map[string]string{"sm_80": "7.0", "sm_90a": "8.0"}

func TestImagesSuitOldDrivers(t *testing.T) {
	for name, text := range readImages(t) {
		version := regexp.MustCompile(`(?m)^\.version (.*)$`).FindStringSubmatch(text)
		target := regexp.MustCompile(`(?m)^\.target (.*)$`).FindStringSubmatch(text)
		if version == nil || target == nil || oldest[target[1]] != version[1] {
			t.Errorf("%s: version %q for target %q, want one of %v", name, version, target, oldest)
		}
	}
}

func readImages(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("images/*.ptx.gz")
	if err != nil || len(names) == 0 {
		t.Fatalf("no images (%v)", err)
	}
	all := map[string]string{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = string(text)
	}
	return all
}
