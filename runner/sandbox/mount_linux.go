package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// mountAll makes a small file system of what the stage lists, moves into it,
// and lets go of the host's. What is shown is taken hold of first, so that it
// does not matter where the new root is put for a moment.
func (s *stage) mountAll() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	trees := make([]int, len(s.Mounts))
	for i, m := range s.Mounts {
		var err error
		if trees[i], err = m.open(); err != nil {
			return err
		}
	}
	root, err := emptyFileSystem("size=1m,nr_inodes=1024,mode=0755", 0)
	if err != nil {
		return err
	}
	if err := enter(root); err != nil {
		return err
	}
	for i, m := range s.Mounts {
		if err := m.attach(trees[i]); err != nil {
			return err
		}
	}
	for _, path := range s.Covers {
		fs, err := emptyFileSystem("size=4k,nr_inodes=2,mode=0755", unix.MOUNT_ATTR_RDONLY)
		if err != nil {
			return err
		}
		if err := attach(fs, path); err != nil {
			return err
		}
	}
	if err := os.Mkdir("tmp", 0o700); err != nil {
		return err
	}
	return leaveHost()
}

// open takes hold of the mount's source, read-only.
func (m mount) open() (int, error) {
	fd, err := unix.OpenTree(unix.AT_FDCWD, m.Source, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return -1, fmt.Errorf("%s cannot be shown: %w", m.Source, err)
	}
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV}
	if m.Device {
		attr.Attr_set &^= unix.MOUNT_ATTR_NODEV
		attr.Attr_set |= unix.MOUNT_ATTR_NOEXEC
	}
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &attr); err != nil {
		return -1, fmt.Errorf("%s cannot be made read-only: %w", m.Source, err)
	}
	return fd, nil
}

// attach puts the mount at its place below the working directory.
func (m mount) attach(fd int) error {
	target := "." + m.Target
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return fmt.Errorf("%s: %w", m.Source, err)
	}
	if stat.Mode&unix.S_IFMT == unix.S_IFDIR {
		if err := os.MkdirAll(target, 0o755); err != nil {
			return err
		}
	} else if err := os.WriteFile(target, nil, 0o644); err != nil {
		return err
	}
	return attach(fd, m.Target)
}

func attach(fd int, target string) error {
	if err := unix.MoveMount(fd, "", unix.AT_FDCWD, "."+target, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("%s: %w", target, err)
	}
	return unix.Close(fd)
}

// emptyFileSystem makes a tmpfs; options are those of mount(8).
func emptyFileSystem(options string, attributes int) (int, error) {
	fs, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("tmpfs: %w", err)
	}
	defer unix.Close(fs)
	for _, o := range splitOptions(options) {
		if err := unix.FsconfigSetString(fs, o[0], o[1]); err != nil {
			return -1, fmt.Errorf("tmpfs %s: %w", o[0], err)
		}
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, fmt.Errorf("tmpfs: %w", err)
	}
	fd, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, attributes|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
	if err != nil {
		return -1, fmt.Errorf("tmpfs: %w", err)
	}
	return fd, nil
}

// enter attaches a file system at a folder that any system has and makes it
// the working directory.
func enter(fd int) error {
	for _, place := range []string{"/tmp", "/dev", "/usr"} {
		if !isFolder(place) {
			continue
		}
		if err := unix.MoveMount(fd, "", unix.AT_FDCWD, place, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
			return fmt.Errorf("a new root: %w", err)
		}
		return os.Chdir(place)
	}
	return fmt.Errorf("a new root: there is neither /tmp nor /dev")
}

// leaveHost makes the working directory the root, unmounts the old one, and
// writes to the new one no more.
func leaveHost() error {
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("the host's files: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV}
	if err := unix.MountSetattr(unix.AT_FDCWD, "/", 0, &attr); err != nil {
		return fmt.Errorf("read-only root: %w", err)
	}
	return nil
}

// splitOptions parts "size=1m,mode=0755".
func splitOptions(options string) [][2]string {
	var out [][2]string
	for o := range strings.SplitSeq(options, ",") {
		name, value, _ := strings.Cut(o, "=")
		out = append(out, [2]string{name, value})
	}
	return out
}
