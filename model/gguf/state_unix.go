//go:build unix

package gguf

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// fileState describes a file so that a change of its bytes changes it: the
// time of its last status change cannot be set back.
func fileState(path string) (string, bool) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return "", false
	}
	return fmt.Sprintf("dev %d inode %d size %d mtime %d.%09d ctime %d.%09d",
		st.Dev, st.Ino, st.Size, st.Mtim.Sec, st.Mtim.Nsec, st.Ctim.Sec, st.Ctim.Nsec), true
}
