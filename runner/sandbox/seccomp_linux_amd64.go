package sandbox

import "golang.org/x/sys/unix"

const (
	auditArch  = unix.AUDIT_ARCH_X86_64
	foreignBit = 0x40000000 // calls of the x32 ABI
)

// allowedHere are the older calls that only this architecture has.
var allowedHere = []int{
	unix.SYS_OPEN, unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_NEWFSTATAT, unix.SYS_ACCESS, unix.SYS_READLINK, unix.SYS_DUP2,
	unix.SYS_MKDIR, unix.SYS_RMDIR, unix.SYS_UNLINK, unix.SYS_SYMLINK, unix.SYS_LINK, unix.SYS_RENAME, unix.SYS_CHMOD,
	unix.SYS_CREAT, unix.SYS_GETDENTS, unix.SYS_PIPE, unix.SYS_SELECT, unix.SYS_POLL, unix.SYS_EPOLL_WAIT,
	unix.SYS_EPOLL_CREATE, unix.SYS_EVENTFD, unix.SYS_UTIMES, unix.SYS_TIME, unix.SYS_ALARM, unix.SYS_PAUSE,
	unix.SYS_GETPGRP, unix.SYS_ARCH_PRCTL,
}

var forbiddenHere = []int{unix.SYS_FORK, unix.SYS_VFORK}
