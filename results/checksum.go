package results

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/llamaeval/llamaeval/internal/regular"
)

// fileHashes returns the SHA-256, hex, of dir's Parquet files, as far as they
// are there.
func fileHashes(dir string) (map[string]string, error) {
	hashes := make(map[string]string)
	for _, name := range []string{SamplesFile, ScoresFile} {
		h, err := fileHash(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		hashes[name] = h
	}
	return hashes, nil
}

func fileHash(path string) (string, error) {
	f, _, err := regular.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// checkFile compares a file with the hash that its run.json has for it. The
// Parquet library believes what a damaged file says about itself and may ask
// for gigabytes; damage is better found before it reads. Without a run.json,
// or with one of an unfinished run, there is nothing to compare with.
func checkFile(dir, name string) error {
	run, err := readRunIfAny(dir)
	if err != nil {
		return err
	}
	want, known := run.Files[name]
	if !known {
		return nil
	}
	path := filepath.Join(dir, name)
	got, err := fileHash(path)
	if err != nil {
		return err
	}
	return unchanged(path, got, want)
}

// readRunIfAny is ReadRun, and nothing where there is no run.json.
func readRunIfAny(dir string) (Run, error) {
	run, err := ReadRun(dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return run, err
}

func unchanged(path, got, want string) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("%s is not the file that its run wrote (SHA-256 %.8s, %s says %.8s): it is damaged or was replaced; run again with another --out", path, got, RunFile, want)
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
