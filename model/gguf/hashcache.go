package gguf

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// settled is how old a file's last change must be for its hash to be kept: a
// change within the file system's resolution of time would go unseen.
const settled = 2 * time.Second

// keptHash is one file in the folder of hashes.
type keptHash struct {
	State string `json:"state"` // see fileState
	Hash  string `json:"sha256"`
}

// CachedHash is Hash, but does not read a file again whose size, times and
// place in the file system are those of when its hash was noted in dir. A dir
// that cannot be written costs the time of hashing and is no error.
func CachedHash(path, dir string) (string, error) {
	before, ok := fileState(path)
	if !ok || dir == "" {
		return Hash(path)
	}
	note := notePath(path, dir)
	var kept keptHash
	if data, err := os.ReadFile(note); err == nil && json.Unmarshal(data, &kept) == nil && kept.State == before && len(kept.Hash) == 2*sha256.Size {
		return kept.Hash, nil
	}
	hash, err := Hash(path)
	if err != nil {
		return "", err
	}
	if after, ok := fileState(path); ok && after == before && unchangedFor(path, settled) {
		keep(note, keptHash{before, hash})
	}
	return hash, nil
}

// HashAll identifies a checkpoint of several files: the hash of one is its
// CachedHash, that of several the SHA-256 of their hashes in hex, a line each.
func HashAll(paths []string, dir string) (string, error) {
	all := sha256.New()
	for _, path := range paths {
		hash, err := CachedHash(path, dir)
		if err != nil || len(paths) == 1 {
			return hash, err
		}
		all.Write([]byte(hash + "\n"))
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}

func notePath(path, dir string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	sum := sha256.Sum256([]byte(path))
	return filepath.Join(dir, hex.EncodeToString(sum[:8])+".json")
}

func unchangedFor(path string, d time.Duration) bool {
	info, err := os.Stat(path)
	return err == nil && time.Since(info.ModTime()) > d
}

// keep writes the note in one step; failing to is no harm.
func keep(note string, k keptHash) {
	data, err := json.Marshal(k)
	if err != nil || os.MkdirAll(filepath.Dir(note), 0o755) != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(note), ".tmp-*")
	if err != nil {
		return
	}
	_, err = f.Write(data)
	if cerr := f.Close(); err != nil || cerr != nil || os.Rename(f.Name(), note) != nil {
		os.Remove(f.Name())
	}
}
