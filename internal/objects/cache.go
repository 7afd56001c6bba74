package objects

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
)

// reading is the context of everything that is read without one of its own.
var reading atomic.Pointer[context.Context]

// Bind lets all reading of this process end with a context.
func Bind(ctx context.Context) { reading.Store(&ctx) }

// Context is the bound one.
func Context() context.Context {
	if ctx := reading.Load(); ctx != nil {
		return *ctx
	}
	return context.Background()
}

// CacheDir is the program's cache folder: LLAMAEVAL_CACHE, or llamaeval in the
// user's.
func CacheDir() (string, error) {
	if dir := os.Getenv("LLAMAEVAL_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder: %w: set LLAMAEVAL_CACHE", err)
	}
	return filepath.Join(dir, "llamaeval"), nil
}

// Cached returns a local copy of an object whose SHA-256, hex, is known. It is
// fetched once; the cache is named by contents, so a copy is never stale.
func (p Place) Cached(ctx context.Context, name, sha string) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(cache, "objects", sha)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, p.Download(ctx, name, path, sha)
}
