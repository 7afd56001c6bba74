//go:build !linux

package sandbox

import "context"

// Layers has nothing to list: Host is for Linux.
func Layers(context.Context) ([]Layer, error) { return nil, errNoHost }
