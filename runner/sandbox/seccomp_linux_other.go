//go:build linux && !amd64 && !arm64

package sandbox

const (
	auditArch  = 0
	foreignBit = 0
)

var allowedHere, forbiddenHere []int
