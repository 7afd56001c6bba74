package sandbox

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// Layers says which layers of Host this machine has for this user, and whether
// the whole can be built: the error of Check.
func Layers(ctx context.Context) ([]Layer, error) {
	h := &Host{Workers: 1}
	whole := h.Check(ctx)
	if err := h.Close(); whole == nil {
		whole = err
	}
	layers := []Layer{namespaceLayer(), landlockLayer(), seccompLayer(),
		{Name: "rlimits", Active: true, Detail: fmt.Sprintf("%d MB of memory and %d open files per process, %d threads, no core files", DefaultMemory>>20, maxOpenFiles, maxThreads)},
		groupLayer(), pythonLayer(ctx)}
	if whole != nil { // nothing runs, so nothing is in force
		for i := range layers {
			if layers[i].Active {
				layers[i].Active, layers[i].Detail = false, "available: "+layers[i].Detail
			}
		}
	}
	return layers, whole
}

// namespaceLayer tries what every worker begins with. The stage ends at once,
// since it gets no orders.
func namespaceLayer() Layer {
	l := Layer{Name: "namespaces"}
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: []string{stageName}, Env: []string{}, Dir: "/", SysProcAttr: isolated()}
	if err := cmd.Start(); err != nil {
		l.Detail = fmt.Sprintf("the kernel makes none for this user: %v", err)
		l.Next = namespaceAdvice()
		return l
	}
	_ = cmd.Wait() // it must fail
	l.Active = true
	l.Detail = "user, pid, mount, net, ipc, uts, cgroup; files in sight: Python's own, read-only, and 64 MB of scratch space"
	return l
}

// namespaceAdvice names the switch that most likely stands in the way.
func namespaceAdvice() string {
	for path, refused := range map[string]string{
		"/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n",
		"/proc/sys/kernel/unprivileged_userns_clone":             "0\n",
		"/proc/sys/user/max_user_namespaces":                     "0\n",
	} {
		if value, err := os.ReadFile(path); err == nil && string(value) == refused {
			return fmt.Sprintf("an administrator can change %s, which is %s now; or use --sandbox wasm=PATH", path, value[:len(value)-1])
		}
	}
	return "in a container, allow user namespaces (docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined); or use --sandbox wasm=PATH"
}

func landlockLayer() Layer {
	abi, err := landlockABI()
	if err != nil {
		return Layer{Name: "landlock", Detail: err.Error(), Next: "a kernel with Landlock; or use --sandbox wasm=PATH"}
	}
	detail := fmt.Sprintf("ABI %d: files", abi)
	if abi >= 4 {
		detail += ", TCP"
	}
	if abi >= 6 {
		detail += ", signals, abstract sockets"
	}
	return Layer{Name: "landlock", Active: true, Detail: detail}
}

func seccompLayer() Layer {
	l := Layer{Name: "seccomp"}
	filter, err := seccompFilter()
	if err == nil {
		_, err = unix.PrctlRetInt(unix.PR_GET_SECCOMP, 0, 0, 0, 0)
	}
	if err != nil {
		l.Detail, l.Next = err.Error(), "a kernel with seccomp filters; or use --sandbox wasm=PATH"
		return l
	}
	l.Active = true
	l.Detail = fmt.Sprintf("%d system calls are allowed, %d for some arguments; no others exist (%d instructions)",
		len(allowed)+len(allowedHere), len(conditional), len(filter)/8)
	return l
}

func groupLayer() Layer {
	parents, err := groupParents()
	if err != nil {
		return Layer{Name: "cgroups", Detail: err.Error() + "; the limits of each process stand without it"}
	}
	detail := fmt.Sprintf("version %d:", parents[0].version)
	for _, p := range parents {
		detail += " " + p.dir
	}
	return Layer{Name: "cgroups", Active: true, Detail: detail}
}

func pythonLayer(ctx context.Context) Layer {
	p, err := findPython(ctx, "")
	if err != nil {
		return Layer{Name: "python", Detail: err.Error(), Next: "install Python 3.9 or newer"}
	}
	l := Layer{Name: "python", Active: len(p.Missing) == 0, Detail: p.Version + ", " + p.Executable}
	if !l.Active {
		l.Detail += fmt.Sprintf(", lacks %v", p.Missing)
		l.Next = "use a python3 with these modules (ctypes needs libffi when Python is built)"
	}
	return l
}
