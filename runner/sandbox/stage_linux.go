package sandbox

import (
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// stageName is what the program is called when it is to become process 1 of a
// sandbox. No command line leads there.
const stageName = "llamaeval sandbox"

// Descriptors of the stage.
const (
	controlFD = 3 // kept for Python
	ordersFD  = 4
)

// libraryDir is where the shared objects that Python needs lie in the sandbox.
const libraryDir = "/lib/sandbox"

// A stage is what process 1 must do before it becomes Python.
type stage struct {
	Mounts []mount  `json:"mounts"`
	Covers []string `json:"covers"` // folders that are to be empty
	Args   []string `json:"args"`   // of Python, the first its path
}

// A mount shows a file or folder of the host in the sandbox.
type mount struct {
	Source string `json:"source"`
	Target string `json:"target"`
	Device bool   `json:"device"`
}

// pythonDir is where the installation of Python lies in the sandbox, so that
// its path says nothing about the host.
const pythonDir = "/python"

// inside is where a file of Python's installation lies in the sandbox.
func (p Python) inside(path string) string {
	relative, err := filepath.Rel(p.Prefix, path)
	if err != nil || !filepath.IsLocal(relative) {
		return path // a part of it that lies elsewhere
	}
	return filepath.Join(pythonDir, relative)
}

// newStage lists just what Python needs, all of it read-only.
func newStage(p Python, rules ruleset, filter []byte, memory int64) (stage, error) {
	s := stage{Mounts: []mount{{Source: p.Executable, Target: p.inside(p.Executable)}}}
	for _, dir := range p.Library {
		s.Mounts = append(s.Mounts, mount{Source: dir, Target: p.inside(dir)})
		for _, name := range []string{"site-packages", "dist-packages"} {
			if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.IsDir() {
				s.Covers = append(s.Covers, filepath.Join(p.inside(dir), name))
			}
		}
	}
	for _, path := range p.Files {
		s.Mounts = append(s.Mounts, mount{Source: path, Target: filepath.Join(libraryDir, soname(path))})
	}
	if loader := interpreter(p.Executable); loader != "" {
		real, err := filepath.EvalSymlinks(loader)
		if err != nil {
			return s, fmt.Errorf("sandbox: %w", err)
		}
		s.Mounts = append(s.Mounts, mount{Source: real, Target: loader})
	}
	if zones := "/usr/share/zoneinfo"; isFolder(zones) {
		s.Mounts = append(s.Mounts, mount{Source: zones, Target: zones})
	}
	for _, name := range []string{"null", "zero", "random", "urandom"} {
		s.Mounts = append(s.Mounts, mount{Source: "/dev/" + name, Target: "/dev/" + name, Device: true})
	}
	layers, err := json.Marshal(map[string]any{
		"control":         controlFD,
		"numbers":         numbers,
		"last_capability": lastCapability(),
		"limits":          limits(memory),
		"landlock":        rules,
		"seccomp":         hex.EncodeToString(filter),
		"scratch":         scratchOptions,
	})
	if err != nil {
		return s, err
	}
	s.Args = []string{p.inside(p.Executable), "-s", "-S", "-B", "-X", "utf8", "-c", guest("confine", "zygote"), string(layers)}
	return s, nil
}

// scratchOptions bound the one folder that a program may write to.
const scratchOptions = "size=64m,nr_inodes=4096,mode=0700"

// limits are those of each process, beside that on processor time. The stack
// stays as it is: Python's own limit on recursion depends on it.
func limits(memory int64) map[string]int64 {
	return map[string]int64{
		"RLIMIT_AS": memory, "RLIMIT_CORE": 0, "RLIMIT_FSIZE": maxFileSize, "RLIMIT_NOFILE": maxOpenFiles,
		"RLIMIT_NPROC": maxThreads, "RLIMIT_MEMLOCK": 0, "RLIMIT_MSGQUEUE": 0,
	}
}

// maxThreads bounds all threads in one sandbox, those of its own processes
// included.
const maxThreads = 32

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// soname is the name under which a shared object is looked for.
func soname(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return filepath.Base(path)
	}
	defer f.Close()
	if names, err := f.DynString(elf.DT_SONAME); err == nil && len(names) == 1 && names[0] == filepath.Base(names[0]) {
		return names[0]
	}
	return filepath.Base(path)
}

// interpreter is the dynamic loader that an executable names; "" without one.
func interpreter(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP && p.Filesz < 4096 {
			b := make([]byte, p.Filesz)
			if _, err := p.ReadAt(b, 0); err == nil {
				return strings.TrimRight(string(b), "\x00")
			}
		}
	}
	return ""
}

// Reexec turns this process into process 1 of a sandbox if it was started to
// be that, and returns otherwise. A program that uses Host calls it first.
func Reexec() {
	if len(os.Args) != 1 || os.Args[0] != stageName || os.Getpid() != 1 {
		return
	}
	runtime.LockOSThread()
	err := becomePython()
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func becomePython() error {
	orders := os.NewFile(ordersFD, "orders")
	var s stage
	if err := json.NewDecoder(orders).Decode(&s); err != nil {
		return fmt.Errorf("orders: %w", err)
	}
	if err := s.mountAll(); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte("sandbox")); err != nil {
		return fmt.Errorf("host name: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("signal at the parent's death: %w", err)
	}
	if err := unix.CloseRange(ordersFD, ^uint(0), 0); err != nil {
		return fmt.Errorf("descriptors: %w", err)
	}
	if _, err := unix.FcntlInt(controlFD, unix.F_SETFD, 0); err != nil {
		return fmt.Errorf("control: %w", err)
	}
	env := []string{"LC_ALL=C.UTF-8", "PYTHONHASHSEED=0", "PYTHONHOME=" + pythonDir, "LD_LIBRARY_PATH=" + libraryDir}
	return fmt.Errorf("%s: %w", s.Args[0], unix.Exec(s.Args[0], s.Args, env))
}
