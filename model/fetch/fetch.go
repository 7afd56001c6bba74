package fetch

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	scratchPattern = ".fetch-*"
	// A scratch folder this old was left by a process that was killed.
	scratchLifetime = 24 * time.Hour
)

// resolve returns the path of the alias's checkpoint, fetching it if it is not
// in the cache with the right size. The full hash is checked when fetching.
func (a Alias) resolve(ctx context.Context, o Options) (string, error) {
	path, err := a.Path(o)
	if err != nil {
		return "", err
	}
	if a.Cached(path) {
		return path, nil
	}
	if o.offline() {
		state := "is not in the cache"
		if info, err := os.Stat(path); err == nil {
			state = fmt.Sprintf("is in the cache with %d bytes instead of %d", info.Size(), a.Size)
		}
		return "", fmt.Errorf("model %q %s and fetching is off (offline): `llamaeval model pull %s` fetches it where there is a network, or %s", a.Name, state, a.Name, a.byHand(path))
	}
	if err := a.fetch(ctx, path, o.Notice); err != nil {
		return "", fmt.Errorf("model %q: %w", a.Name, err)
	}
	return path, nil
}

// fetch puts the checkpoint at path. It appears there whole or not at all, so
// several processes may fetch at the same time.
func (a Alias) fetch(ctx context.Context, path string, notice func(string)) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("cannot create the cache: %w", err)
	}
	removeStale(dir)
	scratch, err := os.MkdirTemp(dir, scratchPattern)
	if err != nil {
		return fmt.Errorf("cannot create the cache: %w", err)
	}
	defer os.RemoveAll(scratch)

	tools := installers(ctx, scratch)
	if len(tools) == 0 {
		return fmt.Errorf("neither pip nor uv is installed to fetch it: %s", a.byHand(path))
	}
	var failures []string
	for _, tool := range tools {
		if notice != nil {
			notice(fmt.Sprintf("fetching model %s once: %s through %s (%.0f MB) into %s",
				a.Name, a.Requirement(), tool.name, float64(a.Size)/1e6, dir))
		}
		err := a.fetchWith(ctx, tool, scratch, path)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("fetching was stopped: %w", ctx.Err())
		}
		failures = append(failures, fmt.Sprintf("%s: %v", tool.name, err))
	}
	return fmt.Errorf("cannot fetch it (%s): try again, or %s", strings.Join(failures, "; "), a.byHand(path))
}

func (a Alias) fetchWith(ctx context.Context, tool installer, scratch, path string) error {
	dir, err := os.MkdirTemp(scratch, "")
	if err != nil {
		return err
	}
	if err := tool.run(ctx, a, dir); err != nil {
		return err
	}
	src, err := tool.open(a, dir)
	if err != nil {
		return err
	}
	defer src.Close()
	part := filepath.Join(scratch, a.file())
	if err := a.copyChecked(part, src); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil && !a.Cached(path) {
		return err // unless another process was faster and holds the file open
	}
	return nil
}

// copyChecked writes src to the file at path; it fails unless size and hash
// are the alias's. No more than the expected size is written.
func (a Alias) copyChecked(path string, src io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), io.LimitReader(src, a.Size+1))
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if n != a.Size {
		return fmt.Errorf("%s does not have the %d bytes it should have", a.Member, a.Size)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != a.SHA256 {
		return fmt.Errorf("%s has the SHA-256 %s, want %s", a.Member, got, a.SHA256)
	}
	return nil
}

// openWheel opens the alias's member in the only wheel in dir.
func openWheel(a Alias, dir string) (io.ReadCloser, error) {
	wheels, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil {
		return nil, err
	}
	if len(wheels) != 1 {
		return nil, fmt.Errorf("%d wheels were downloaded, want one", len(wheels))
	}
	archive, err := zip.OpenReader(wheels[0])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(wheels[0]), err)
	}
	member, err := archive.Open(a.Member)
	if err != nil {
		archive.Close()
		return nil, fmt.Errorf("%s: %w", filepath.Base(wheels[0]), err)
	}
	return wheelMember{member, archive}, nil
}

// wheelMember closes the archive with its member.
type wheelMember struct {
	io.ReadCloser
	archive io.Closer
}

func (m wheelMember) Close() error { return errors.Join(m.ReadCloser.Close(), m.archive.Close()) }

// openInstalled opens the alias's member in a package unpacked into dir.
func openInstalled(a Alias, dir string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(dir, filepath.FromSlash(a.Member)))
}

func removeStale(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, scratchPattern)) // the pattern is valid
	for _, path := range left {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > scratchLifetime {
			os.RemoveAll(path)
		}
	}
}
