//go:build !unix

package gguf

// fileState has no time here that nobody can set back, so nothing is kept.
func fileState(string) (string, bool) { return "", false }
