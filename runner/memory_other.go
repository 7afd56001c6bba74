//go:build !linux && !darwin && !windows

package runner

import (
	"fmt"
	"runtime"
)

// SystemMemory is not known here.
func SystemMemory() (int64, error) {
	return 0, fmt.Errorf("not known on %s", runtime.GOOS)
}
