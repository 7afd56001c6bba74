package sandbox

import (
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// numbers are system calls that the guest makes by number, since Python has no
// function for them.
var numbers = map[string]int{
	"capset": unix.SYS_CAPSET, "clone": unix.SYS_CLONE,
	"landlock_create_ruleset": unix.SYS_LANDLOCK_CREATE_RULESET,
	"landlock_add_rule":       unix.SYS_LANDLOCK_ADD_RULE,
	"landlock_restrict_self":  unix.SYS_LANDLOCK_RESTRICT_SELF,
}

// allowed are the system calls that a program may make: computing, its own
// memory and threads, time, and files that mounts and Landlock leave to it.
// Whatever is not named here does not exist for it, what future kernels add
// included.
var allowed = []int{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_PREAD64, unix.SYS_PWRITE64,
	unix.SYS_LSEEK, unix.SYS_CLOSE, unix.SYS_CLOSE_RANGE, unix.SYS_DUP, unix.SYS_DUP3, unix.SYS_FCNTL, unix.SYS_FLOCK,
	unix.SYS_OPENAT, unix.SYS_FSTAT, unix.SYS_STATX, unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2,
	unix.SYS_READLINKAT, unix.SYS_GETDENTS64, unix.SYS_GETCWD, unix.SYS_CHDIR, unix.SYS_FCHDIR, unix.SYS_UMASK,
	unix.SYS_STATFS, unix.SYS_FSTATFS, unix.SYS_FSYNC, unix.SYS_FDATASYNC, unix.SYS_FTRUNCATE, unix.SYS_TRUNCATE,
	unix.SYS_FALLOCATE, unix.SYS_SENDFILE, unix.SYS_COPY_FILE_RANGE, unix.SYS_FADVISE64,
	unix.SYS_MKDIRAT, unix.SYS_UNLINKAT, unix.SYS_SYMLINKAT, unix.SYS_LINKAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2,
	unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_UTIMENSAT,
	unix.SYS_GETXATTR, unix.SYS_LGETXATTR, unix.SYS_FGETXATTR, unix.SYS_LISTXATTR, unix.SYS_LLISTXATTR, unix.SYS_FLISTXATTR,

	unix.SYS_BRK, unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MREMAP, unix.SYS_MPROTECT, unix.SYS_MADVISE, unix.SYS_MSYNC,
	unix.SYS_MEMBARRIER,

	unix.SYS_FUTEX, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_SET_TID_ADDRESS, unix.SYS_SCHED_YIELD,
	unix.SYS_SCHED_GETAFFINITY, unix.SYS_GETCPU, unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_RESTART_SYSCALL,
	unix.SYS_WAIT4, unix.SYS_WAITID,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_RT_SIGPENDING,
	unix.SYS_RT_SIGTIMEDWAIT, unix.SYS_RT_SIGSUSPEND, unix.SYS_SIGALTSTACK,
	unix.SYS_KILL, unix.SYS_TKILL, unix.SYS_TGKILL, // only what is in its own process namespace: itself

	unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_NANOSLEEP, unix.SYS_GETTIMEOFDAY,
	unix.SYS_SETITIMER, unix.SYS_GETITIMER, unix.SYS_TIMES, unix.SYS_GETRUSAGE,

	unix.SYS_GETPID, unix.SYS_GETPPID, unix.SYS_GETTID, unix.SYS_GETPGID, unix.SYS_GETSID,
	unix.SYS_GETUID, unix.SYS_GETEUID, unix.SYS_GETGID, unix.SYS_GETEGID, unix.SYS_GETGROUPS,
	unix.SYS_GETRESUID, unix.SYS_GETRESGID, unix.SYS_UNAME, unix.SYS_SYSINFO, unix.SYS_GETRANDOM,
	unix.SYS_GETRLIMIT, unix.SYS_GETPRIORITY,

	unix.SYS_PIPE2, unix.SYS_EVENTFD2, unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT,
	unix.SYS_PSELECT6, unix.SYS_PPOLL, unix.SYS_RECVFROM, unix.SYS_SHUTDOWN,
}

// forbidden are calls that programs know how to fail at: "not permitted", in
// place of "no such call".
var forbidden = []int{
	unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_SOCKET, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_SENDMSG, unix.SYS_PTRACE,
	unix.SYS_MOUNT, unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_CHROOT, unix.SYS_PIVOT_ROOT,
	unix.SYS_SETUID, unix.SYS_SETGID, unix.SYS_SETPRIORITY, unix.SYS_SETSID, unix.SYS_SETPGID,
}

// conditional are calls that are allowed for some values of one argument.
var conditional = []condition{
	// Threads, but no processes and no namespaces.
	{call: unix.SYS_CLONE, arg: 0, mask: unix.CLONE_THREAD | unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWNET |
		unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP, values: []uint32{unix.CLONE_THREAD}},
	{call: unix.SYS_IOCTL, arg: 1, mask: ^uint32(0), values: []uint32{unix.TCGETS, unix.TIOCGWINSZ, unix.TIOCINQ, 0x5421, 0x5451, 0x5450}},
	{call: unix.SYS_PRCTL, arg: 0, mask: ^uint32(0), values: []uint32{unix.PR_SET_NAME, unix.PR_GET_NAME}},
	{call: unix.SYS_PRLIMIT64, arg: 0, mask: ^uint32(0), values: []uint32{0}},
	{call: unix.SYS_SOCKETPAIR, arg: 0, mask: ^uint32(0), values: []uint32{unix.AF_UNIX}},
	{call: unix.SYS_SENDTO, arg: 4, mask: ^uint32(0), values: []uint32{0}, high: true}, // without an address
}

// A condition allows a call when an argument's lower half, masked, is one of
// values; high: its upper half must be 0 as well.
type condition struct {
	call   int
	arg    int
	mask   uint32
	values []uint32
	high   bool
}

const (
	retAllow = unix.SECCOMP_RET_ALLOW
	retKill  = unix.SECCOMP_RET_KILL_PROCESS
	retPerm  = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	retNoSys = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

// seccompFilter is the program for the kernel, in the machine's byte order.
// Calls of another architecture than this program's end the process.
func seccompFilter() ([]byte, error) {
	if auditArch == 0 {
		return nil, fmt.Errorf("sandbox: there is no list of system calls for this architecture: use --sandbox wasm=PATH")
	}
	var p assembler
	p.load(4) // seccomp_data.arch
	p.jump(unix.BPF_JEQ, auditArch, 1, 0)
	p.ret(retKill)
	p.load(0) // seccomp_data.nr
	if foreignBit != 0 {
		p.jump(unix.BPF_JGE, foreignBit, 0, 1)
		p.ret(retKill)
	}
	for _, list := range []struct {
		calls []int
		ret   uint32
	}{{slices.Concat(allowed, allowedHere), retAllow}, {slices.Concat(forbidden, forbiddenHere), retPerm}} {
		for _, nr := range list.calls {
			p.jump(unix.BPF_JEQ, uint32(nr), 0, 1)
			p.ret(list.ret)
		}
	}
	for _, c := range conditional {
		p.condition(c)
	}
	p.ret(retNoSys)
	return p.bytes(), nil
}

// assembler writes classic BPF.
type assembler struct{ code []unix.SockFilter }

func (p *assembler) load(offset uint32) {
	p.code = append(p.code, unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset})
}

func (p *assembler) jump(op uint16, k uint32, yes, no uint8) {
	p.code = append(p.code, unix.SockFilter{Code: unix.BPF_JMP | op | unix.BPF_K, Jt: yes, Jf: no, K: k})
}

func (p *assembler) ret(k uint32) {
	p.code = append(p.code, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k})
}

// condition decides about a call for good, so that what follows may assume
// that the call's number is still loaded.
func (p *assembler) condition(c condition) {
	var body assembler
	low := uint32(16 + 8*c.arg) // seccomp_data.args, little endian
	if c.high {
		body.load(low + 4)
		body.jump(unix.BPF_JEQ, 0, 1, 0)
		body.ret(retPerm)
	}
	body.load(low)
	body.code = append(body.code, unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: c.mask})
	for _, v := range c.values {
		body.jump(unix.BPF_JEQ, v, 0, 1)
		body.ret(retAllow)
	}
	body.ret(retPerm)
	p.jump(unix.BPF_JEQ, uint32(c.call), 0, uint8(len(body.code)))
	p.code = append(p.code, body.code...)
}

func (p *assembler) bytes() []byte {
	var b []byte
	for _, i := range p.code {
		b = binary.NativeEndian.AppendUint16(b, i.Code)
		b = append(b, i.Jt, i.Jf)
		b = binary.NativeEndian.AppendUint32(b, i.K)
	}
	return b
}

// lastCapability is the highest that the kernel knows.
func lastCapability() int {
	last := 0
	for c := range 64 {
		if _, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(c), 0, 0, 0); err != nil {
			break
		}
		last = c
	}
	return last
}
