//go:build cuda && linux

package cuda

// WithoutGraphs runs f with launches one by one.
func WithoutGraphs(f func()) {
	defer func() { graphs = true }()
	graphs = false
	f()
}

// Noticed is noticed.
var Noticed = noticed
