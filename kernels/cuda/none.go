//go:build !cuda || !linux

package cuda

// Available says why no GPU can be used.
func Available() error { return ErrNotBuilt }
