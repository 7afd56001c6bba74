package sandbox

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// ruleset is what Landlock is told: everything of these kinds is refused but
// what paths allow.
type ruleset struct {
	FS     uint64  `json:"fs"`
	Net    uint64  `json:"net"`
	Scoped uint64  `json:"scoped"`
	Size   int     `json:"size"` // of the kernel's structure, in bytes
	Paths  [][]any `json:"paths"`
}

const (
	landlockRead  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	landlockWrite = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SYM |
		unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_REFER | unix.LANDLOCK_ACCESS_FS_TRUNCATE
)

// landlockABI is the kernel's version of Landlock.
func landlockABI() (int, error) {
	abi, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	switch {
	case errors.Is(e, unix.ENOSYS):
		return 0, errors.New("the kernel has no Landlock (Linux 5.13 or newer is needed)")
	case errors.Is(e, unix.EOPNOTSUPP):
		return 0, errors.New("its Landlock is switched off: add landlock to the kernel's parameter lsm=")
	case e != 0:
		return 0, fmt.Errorf("landlock: %w", e)
	}
	return int(abi), nil
}

// landlockRules refuses all that this kernel's Landlock knows, but reading and,
// in the folder of the program, writing.
func landlockRules() (ruleset, error) {
	abi, err := landlockABI()
	if err != nil {
		return ruleset{}, fmt.Errorf("sandbox: %w", err)
	}
	r := ruleset{FS: unix.LANDLOCK_ACCESS_FS_REFER - 1, Size: 8}
	if abi >= 2 {
		r.FS |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if abi >= 3 {
		r.FS |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if abi >= 4 {
		r.Net, r.Size = unix.LANDLOCK_ACCESS_NET_BIND_TCP|unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, 16
	}
	if abi >= 5 {
		r.FS |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if abi >= 6 {
		r.Scoped, r.Size = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET|unix.LANDLOCK_SCOPE_SIGNAL, 24
	}
	r.Paths = [][]any{
		{"/", landlockRead},
		{"/tmp", (landlockRead | landlockWrite) & r.FS},
		{"/dev/null", unix.LANDLOCK_ACCESS_FS_WRITE_FILE},
	}
	return r, nil
}
