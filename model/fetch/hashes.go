package fetch

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// CheckHash compares a file of a resolved checkpoint with the hash that its
// source states: an alias its own, Ollama's store and the hub's own cache the
// name of the blob. known is false where none is stated.
func (r Resolved) CheckHash(path string) (known bool, err error) {
	want := r.SHA256
	if want == "" {
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			return false, err
		}
		if filepath.Base(filepath.Dir(real)) != "blobs" {
			return false, nil
		}
		want = strings.TrimPrefix(filepath.Base(real), "sha256-")
	}
	var sum hash.Hash
	switch b, err := hex.DecodeString(want); {
	case err != nil:
		return false, nil
	case len(b) == sha256.Size:
		sum = sha256.New()
	case len(b) == sha1.Size: // the hub names small files as git does
		info, err := os.Stat(path)
		if err != nil {
			return false, err
		}
		sum = sha1.New()
		fmt.Fprintf(sum, "blob %d\x00", info.Size())
	default:
		return false, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return true, err
	}
	defer f.Close()
	if _, err := io.Copy(sum, f); err != nil {
		return true, err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != strings.ToLower(want) {
		return true, fmt.Errorf("%s: its hash begins with %.12s, its source states %.12s: fetch it again", path, got, want)
	}
	return true, nil
}
