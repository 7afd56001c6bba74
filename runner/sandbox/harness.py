# Runs one program under limits. Started by sandbox.go in an empty folder with
# a cleared environment; stdin brings a one-time key, a newline and the program.
# On file descriptor 3 it writes "start" when the limits stand, then "pass" and
# the key if the program ran to its last line, or "fail" and the exception.
import os
import resource
import sys


def main(write=os.write, leave=os._exit):
    cpu, memory, files, size = (int(a) for a in sys.argv[1:5])
    limits = [
        ("RLIMIT_CORE", 0),
        ("RLIMIT_CPU", cpu),
        ("RLIMIT_FSIZE", size),
        ("RLIMIT_NOFILE", files),
        # The programs of benchmarks have no business starting processes.
        ("RLIMIT_NPROC", 0),
    ]
    # macOS accepts no limit on address space; there the clock ends a hog.
    if sys.platform != "darwin":
        limits.append(("RLIMIT_AS", memory))
    key, _, source = sys.stdin.buffer.read().partition(b"\n")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.argv[:] = [""]
    os.environ.pop("PYTHONHASHSEED", None)
    # An error up to here, or in a limit, ends the process before "start":
    # without its limits no program runs.
    for name, value in limits:
        resource.setrlimit(getattr(resource, name), (value, value))
    write(3, b"start\n")
    try:
        # An empty namespace, as the reference has it: __name__ is not
        # "__main__", so a trailing main block does not run.
        exec(compile(source, "<program>", "exec"), {})
    except BaseException as e:  # SystemExit as well: an early exit is no pass
        try:
            text = str(e)
        except BaseException:
            text = ""
        line = (type(e).__name__ + ": " + text)[:2000]
        write(3, b"fail " + line.encode("utf-8", "replace"))
        leave(1)
    write(3, b"pass " + key)
    leave(0)


main()
