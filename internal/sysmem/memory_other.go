//go:build !linux && !darwin && !windows

package sysmem

import (
	"fmt"
	"runtime"
)

// Total is not known here.
func Total() (int64, error) {
	return 0, fmt.Errorf("not known on %s", runtime.GOOS)
}
