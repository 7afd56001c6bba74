package sandbox

import "golang.org/x/sys/unix"

const (
	auditArch  = unix.AUDIT_ARCH_AARCH64
	foreignBit = 0
)

var (
	allowedHere   = []int{unix.SYS_NEWFSTATAT}
	forbiddenHere []int
)
