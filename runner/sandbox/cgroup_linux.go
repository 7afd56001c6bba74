package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A cgroup bounds memory and processes of a worker as a whole, where this user
// may make one; the limits of each process stand without it.
type cgroup struct{ dirs []string }

var groupNumber atomic.Int64

// groupMemory is what the processes of a worker share: the program, its tests
// and the files that the program writes.
func groupMemory(memory int64) int64 { return 2*memory + 256<<20 }

// newGroup makes a group and puts a process into it; nil where the user may
// not. Once a group is there, a failure to use it is an error.
func newGroup(pid int, memory int64) (*cgroup, error) {
	parents, err := groupParents()
	if err != nil {
		return nil, nil // no groups for this user: doctor says why
	}
	forgetDead(parents)
	name := fmt.Sprintf("llamaeval-%d-%d", os.Getpid(), groupNumber.Add(1))
	g := &cgroup{}
	for _, parent := range parents {
		dir := filepath.Join(parent.dir, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return nil, errors.Join(fmt.Errorf("cgroup: %w", err), g.remove())
		}
		g.dirs = append(g.dirs, dir)
		for file, value := range parent.limits(memory) {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(value), 0); err != nil {
				return nil, errors.Join(fmt.Errorf("cgroup: %w", err), g.remove())
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0); err != nil {
			return nil, errors.Join(fmt.Errorf("cgroup: %w", err), g.remove())
		}
	}
	return g, nil
}

// forgetDead removes the empty groups of programs that were killed.
func forgetDead(parents []groupParent) {
	for _, parent := range parents {
		groups, _ := filepath.Glob(filepath.Join(parent.dir, "llamaeval-*-*"))
		for _, dir := range groups {
			var pid, n int
			if _, err := fmt.Sscanf(filepath.Base(dir), "llamaeval-%d-%d", &pid, &n); err == nil && errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
				_ = unix.Rmdir(dir) // one that is in use stays
			}
		}
	}
}

// remove takes the group away once its last process is collected.
func (g *cgroup) remove() error {
	if g == nil {
		return nil
	}
	var all error
	for _, dir := range g.dirs {
		err := unix.Rmdir(dir)
		for i := 0; errors.Is(err, unix.EBUSY) && i < 200; i++ {
			time.Sleep(5 * time.Millisecond)
			err = unix.Rmdir(dir)
		}
		if err != nil {
			all = errors.Join(all, fmt.Errorf("cgroup %s stays: %w", dir, err))
		}
	}
	return all
}

// A groupParent is a folder in which this user may make groups that bound
// memory or processes: both in version 2, one of them in version 1.
type groupParent struct {
	dir     string
	version int
	bounds  string // version 1: "memory" or "pids"
}

func (p groupParent) limits(memory int64) map[string]string {
	bytes, processes := strconv.FormatInt(groupMemory(memory), 10), strconv.Itoa(maxThreads+8)
	switch {
	case p.version == 2:
		return map[string]string{"memory.max": bytes, "pids.max": processes, "memory.swap.max": "0"}
	case p.bounds == "memory":
		return map[string]string{"memory.limit_in_bytes": bytes}
	}
	return map[string]string{"pids.max": processes}
}

// groupParents looks where this process stands and which of the folders there
// and above have the controllers and are this user's. The error says why none.
func groupParents() ([]groupParent, error) {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	points := groupMounts(string(mounts))
	var out []groupParent
	for line := range strings.Lines(string(own)) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, path, _ := strings.Cut(rest, ":")
		switch {
		case controllers == "" && points[""] != "":
			if dir := delegated(points[""], path); dir != "" {
				return []groupParent{{dir: dir, version: 2}}, nil
			}
		case controllers == "memory" || controllers == "pids":
			dir := filepath.Join(points[controllers], path)
			if points[controllers] != "" && unix.Access(dir, unix.W_OK) == nil {
				out = append(out, groupParent{dir: dir, version: 1, bounds: controllers})
			}
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no group with the controllers memory and pids is this user's: run under `systemd-run --user --scope -p Delegate=yes`, or as root")
	}
	return out, nil
}

// groupMounts maps controllers, "" for version 2, to mount points.
func groupMounts(mountinfo string) map[string]string {
	points := map[string]string{}
	for line := range strings.Lines(mountinfo) {
		before, after, ok := strings.Cut(line, " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !ok || len(left) < 5 || len(right) < 3 {
			continue
		}
		switch right[0] {
		case "cgroup2":
			points[""] = left[4]
		case "cgroup":
			for option := range strings.SplitSeq(right[2], ",") {
				if option == "memory" || option == "pids" {
					points[option] = left[4]
				}
			}
		}
	}
	return points
}

// delegated finds the nearest group, from path upwards, that hands memory and
// pids down to the groups in it, and that this user may write to.
func delegated(root, path string) string {
	for {
		dir := filepath.Join(root, path)
		handed, err := os.ReadFile(filepath.Join(dir, "cgroup.subtree_control"))
		fields := " " + strings.TrimSpace(string(handed)) + " "
		if err == nil && strings.Contains(fields, " memory ") && strings.Contains(fields, " pids ") &&
			unix.Access(dir, unix.W_OK) == nil && unix.Access(filepath.Join(dir, "cgroup.procs"), unix.W_OK) == nil {
			return dir
		}
		if path == "/" || path == "." || path == "" {
			return ""
		}
		path = filepath.Dir(path)
	}
}
