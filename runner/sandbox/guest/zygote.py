# Process 1 of the sandbox: Python with its library loaded, which makes two
# processes for each program, one for the program, one for its tests, and ends
# both. It never reads a program, a test or a value, so that it hands nothing
# of one program to the next.
import gc
import random
import select
import socket

# What programs like to import is loaded once.
import array, bisect, cmath, copy, dataclasses, datetime, decimal, enum, fractions, functools, hashlib, heapq, itertools
import math, queue, re, statistics, string, textwrap, threading, time, types, typing

CLONE_NEWPID = 0x20000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MNT_DETACH = 2, 4, 8, 2
SCRATCH = b"/tmp"


def zygote(layers):
    control = socket.socket(fileno=layers["control"])
    for s in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(s, signal.SIG_IGN)
    os.environ.clear()
    sys.argv[:] = [""]
    gc.collect()
    gc.freeze()
    control.send(b"r")
    while True:
        word, fds, _, _ = socket.recv_fds(control, 16, 3)
        if len(fds) != 3:  # the supervisor is gone
            os._exit(0)
        layers["limits"]["RLIMIT_CPU"] = int(word)
        judge_one(layers, control, *fds)
        control.send(b"d")


def judge_one(layers, control, source, tests, report):
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
    if libc.mount(b"tmpfs", SCRATCH, b"tmpfs", flags, layers["scratch"].encode()) < 0:
        os._exit(70)
    ours, theirs = socket.socketpair()
    keeper = system("clone", layers["numbers"]["clone"], CLONE_NEWPID | signal.SIGCHLD, 0, 0, 0, 0)
    if keeper == 0:
        end(keep, layers, theirs.detach(), source)
    theirs.close()
    os.close(source)
    ended, alive = os.pipe()
    if os.fork() == 0:
        end(judge, layers, ours.detach(), tests, report, alive)
    for fd in (tests, report, alive):
        os.close(fd)
    ours.close()
    # Until the tests are through, the supervisor has had enough, or is gone.
    ready, _, _ = select.select([ended, control], [], [])
    if control in ready and control.recv(1) != b"k":
        os._exit(0)
    os.close(ended)
    sweep()


def sweep():
    """Ends all processes but this one and forgets all files."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass
    if libc.umount2(SCRATCH, MNT_DETACH) < 0:
        os._exit(70)


def end(function, *args):
    """Runs the rest of a child's life."""
    try:
        function(*args)
    except BaseException:
        pass
    finally:
        os._exit(0)


def keep(layers, channel, source):
    """Process 1 of the program's own process namespace: the program's end is
    its end, and with it that of all the program started."""
    child = os.fork()
    if child == 0:
        end(program, layers, channel, source)
    only(())
    confine(layers)
    os.waitpid(child, 0)


def program(layers, fd, source):
    text = text_of(source)
    only((fd,))
    channel = Channel(fd, fd)
    prepare(layers)
    channel.send(["confined"])
    Program(channel).run(text)


def judge(layers, fd, tests, report, alive):
    text = text_of(tests)
    only((fd, report, alive))
    channel = Channel(fd, fd)
    try:
        prepare(layers)
    except OSError as e:
        say(report, "unconfined " + str(e))
        return
    verdict(channel, text, report)


def prepare(layers):
    os.setsid()
    os.chdir(SCRATCH)
    random.seed(0)
    confine(layers)


def only(fds):
    """Closes every descriptor but these; the standard ones lead nowhere."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    previous = 2
    for fd in sorted(fds) + [1 << 20]:
        os.closerange(previous + 1, fd)
        previous = fd


def text_of(fd):
    parts, at = [], 0
    while True:
        part = os.pread(fd, 1 << 20, at)
        if not part:
            return b"".join(parts).decode("utf-8", "replace")
        parts.append(part)
        at += len(part)


zygote(json.loads(sys.argv[1]))
