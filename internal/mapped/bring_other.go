//go:build !linux

package mapped

// bring does nothing: this system has no huge pages that could be asked for.
func bring([]byte) {}
