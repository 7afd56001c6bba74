//go:build unix

package results

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func lockFD(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errHeld
	}
	return err
}

// releaseFD removes the file while the lock still stands, so that nobody
// removes a lock file that another process has just taken.
func releaseFD(f *os.File) error {
	return errors.Join(os.Remove(f.Name()), f.Close())
}
