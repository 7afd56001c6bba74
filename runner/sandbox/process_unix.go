//go:build unix

package sandbox

import (
	"os/exec"
	"syscall"
)

func supported() error { return nil }

// ownGroup puts the process into a session and group of its own, so that one
// signal reaches all that it starts.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}

// killGroup ends every process of the group. It fails when none is left.
func killGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}
