package sysmem

import "golang.org/x/sys/unix"

// Total is the machine's memory in bytes.
func Total() (int64, error) {
	n, err := unix.SysctlUint64("hw.memsize")
	return int64(n), err
}
