package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A plan is what all workers are started from.
type plan struct {
	stage  stage
	memory int64 // bytes, of each process
}

// A worker is one sandbox: the process that is number 1 in it, and the socket
// over which it is told what to judge.
type worker struct {
	cmd     *exec.Cmd
	control *net.UnixConn
	message *capped // what the process says before it is ready
	group   *cgroup // nil where there is none
}

// Host identities that root's sandbox gets: nobody, as 0 inside, and root, as
// 1, which no process inside has; it makes root's files readable while the
// sandbox is built.
const nobody = 65534

// startTries is how often a sandbox is built whose process did not come up: on a
// busy machine it may lack threads or memory for a moment.
const startTries = 3

// errCrashed is what a process's runtime ended it with, before it said anything.
var errCrashed = errors.New("its process did not come up")

// start builds a sandbox and waits until it can judge.
func (p *plan) start(ctx context.Context) (*worker, error) {
	return again(func() (*worker, error) { return p.try(ctx) })
}

// again tries anew as long as it crashes.
func again(try func() (*worker, error)) (w *worker, err error) {
	for range startTries {
		if w, err = try(); !errors.Is(err, errCrashed) {
			break
		}
	}
	return w, err
}

func (p *plan) try(ctx context.Context) (*worker, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	conn, err := net.FileConn(ours)
	ours.Close()
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	w := &worker{control: conn.(*net.UnixConn), message: &capped{limit: 4 << 10}}
	if err := w.spawn(p, theirs); err != nil {
		w.control.Close()
		return nil, err
	}
	theirs.Close()
	if err := w.await(ctx, 'r', startLimit); err != nil {
		stopped := w.stop()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, errors.Join(fmt.Errorf("sandbox: it cannot be built here: %w: `llamaeval doctor` says what is missing; --sandbox wasm=PATH needs nothing of the kernel", w.reason(err)), stopped)
	}
	return w, nil
}

// reason is what the process said, or else err. A crash of its runtime is said
// in the line before the stacks.
func (w *worker) reason(err error) error {
	said := w.message.String()
	if _, crash, ok := strings.Cut(said, "fatal error: "); ok {
		line, _, _ := strings.Cut(crash, "\n")
		return fmt.Errorf("%w: %s", errCrashed, line)
	}
	if line := lastLine(said); line != "" {
		return errors.New(line)
	}
	return err
}

func socketPair() (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("sandbox: %w", err)
	}
	return os.NewFile(uintptr(fds[0]), "control"), os.NewFile(uintptr(fds[1]), "control"), nil
}

// spawn starts this program again as stage of the sandbox, in new namespaces.
// The stage waits for its orders until its limits as a group stand.
func (w *worker) spawn(p *plan, theirs *os.File) error {
	orders, err := json.Marshal(p.stage)
	if err != nil {
		return err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	defer read.Close()
	defer write.Close()
	w.cmd = &exec.Cmd{Path: "/proc/self/exe", Args: []string{stageName}, Env: []string{}, Dir: "/",
		Stderr: w.message, ExtraFiles: []*os.File{theirs, read}, WaitDelay: time.Second, SysProcAttr: isolated()}
	if err := w.cmd.Start(); err != nil {
		return fmt.Errorf("sandbox: the kernel makes no namespaces for this user: %w: `llamaeval doctor` says more; --sandbox wasm=PATH needs none", err)
	}
	if w.group, err = newGroup(w.cmd.Process.Pid, p.memory); err == nil {
		_, err = write.Write(orders)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("sandbox: %w", err), w.end())
	}
	return nil
}

// isolated asks for every kind of namespace, for root and others alike.
func isolated() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET |
			unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP,
		Pdeathsig: syscall.SIGKILL,
		Setsid:    true,
	}
	user, group := os.Geteuid(), os.Getegid()
	if user != 0 {
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: user, Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: group, Size: 1}}
		a.Credential = &syscall.Credential{NoSetGroups: true}
		return a
	}
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: nobody, Size: 1}, {ContainerID: 1, HostID: 0, Size: 1}}
	a.GidMappings = a.UidMappings
	a.GidMappingsEnableSetgroups = true
	a.Credential = &syscall.Credential{}
	return a
}

// judge has one program judged. usable: the worker can judge another one.
func (w *worker) judge(ctx context.Context, program, tests string, timeout time.Duration) (r outcome, usable bool, err error) {
	files := make([]*os.File, 0, 3)
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	for _, text := range []string{program, tests} {
		f, err := textFile(text)
		if err != nil {
			return r, true, err
		}
		files = append(files, f)
	}
	report, theirs, err := os.Pipe()
	if err != nil {
		return r, true, fmt.Errorf("sandbox: %w", err)
	}
	defer report.Close()
	files = append(files, theirs)
	if err := w.send(files, timeout); err != nil {
		return r, false, err
	}
	theirs.Close()
	r = follow(ctx, report, startLimit, timeout, func() {
		_, _ = w.control.Write([]byte("k")) // a worker that is gone has ended them
		_ = report.SetReadDeadline(time.Now().Add(drainLimit))
	})
	if err := w.await(context.Background(), 'd', 2*drainLimit); err != nil {
		if r.started {
			return r, false, nil // the verdict stands, the worker does not
		}
		return r, false, fmt.Errorf("sandbox: the worker ended: %s", w.reason(err))
	}
	return r, true, nil
}

// send passes the three files and the limit on processor time, for programs
// that outlive their supervisor: the wall clock decides.
func (w *worker) send(files []*os.File, timeout time.Duration) error {
	var fds []int
	for _, f := range files {
		fds = append(fds, int(f.Fd()))
	}
	seconds := strconv.Itoa(int(math.Ceil(timeout.Seconds())) + 2)
	_, _, err := w.control.WriteMsgUnix([]byte(seconds), unix.UnixRights(fds...), nil)
	if err != nil {
		return fmt.Errorf("sandbox: the worker ended: %w: %s", err, w.reason(err))
	}
	return nil
}

// await reads one byte from the worker.
func (w *worker) await(ctx context.Context, want byte, limit time.Duration) error {
	stop := context.AfterFunc(ctx, func() { _ = w.control.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := w.control.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	var b [1]byte
	if _, err := w.control.Read(b[:]); err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	if b[0] != want {
		return fmt.Errorf("unexpected answer %q", b)
	}
	return nil
}

// stop ends the sandbox: with its process 1 all others in it end.
func (w *worker) stop() error {
	w.control.Close()
	return w.end()
}

func (w *worker) end() error {
	_ = w.cmd.Process.Kill() // it fails when the process is gone
	var exit *exec.ExitError
	if err := w.cmd.Wait(); err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return fmt.Errorf("sandbox: %w", err)
	}
	return w.group.remove()
}
