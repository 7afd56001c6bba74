package runner

import "golang.org/x/sys/unix"

// SystemMemory is the machine's memory in bytes.
func SystemMemory() (int64, error) {
	n, err := unix.SysctlUint64("hw.memsize")
	return int64(n), err
}
