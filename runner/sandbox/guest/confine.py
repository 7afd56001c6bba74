# Gives up everything a process does not need, for good. Used by what runs in
# the sandbox of Linux; every step that fails ends the process.
import ctypes
import resource
import signal
import struct

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_SECCOMP = 4, 24, 22
PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 39, 47, 4


def system(what, number, *args):
    """A system call by number; an error is an OSError that names it."""
    r = libc.syscall(ctypes.c_long(number), *[a if isinstance(a, (ctypes.Array, bytes)) else ctypes.c_long(a) for a in args])
    if r < 0:
        e = ctypes.get_errno()
        raise OSError(e, "%s: %s" % (what, os.strerror(e)))
    return r


def control(what, option, *args):
    args = (list(args) + [0, 0, 0, 0])[:4]
    if libc.prctl(option, *[a if isinstance(a, ctypes.Array) else ctypes.c_ulong(a) for a in args]) < 0:
        e = ctypes.get_errno()
        raise OSError(e, "%s: %s" % (what, os.strerror(e)))


def confine(layers):
    """Applies all layers to this process: limits, no capability, Landlock, seccomp."""
    number = layers["numbers"]
    for name, value in layers["limits"].items():
        resource.setrlimit(getattr(resource, name), (value, value))
    control("dumpable", PR_SET_DUMPABLE, 0)
    control("no_new_privs", PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(layers["last_capability"] + 1):
        control("bounding set", PR_CAPBSET_DROP, capability)
    control("ambient set", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = struct.pack("=II", 0x20080522, 0)
    system("capset", number["capset"], header, bytes(24))
    landlock(layers["landlock"], number)
    filter_calls(bytes.fromhex(layers["seccomp"]), number)


def landlock(rules, number):
    attributes = struct.pack("=QQQ", rules["fs"], rules["net"], rules["scoped"])[: rules["size"]]
    ruleset = system("Landlock", number["landlock_create_ruleset"], attributes, len(attributes), 0)
    for path, access in rules["paths"]:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        system("Landlock rule", number["landlock_add_rule"], ruleset, 1, struct.pack("=Qi", access, fd), 0)
        os.close(fd)
    system("Landlock", number["landlock_restrict_self"], ruleset, 0)
    os.close(ruleset)


def filter_calls(program, number):
    code = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: a length in instructions and, aligned, their address.
    fprog = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(code)))
    control("seccomp", PR_SET_SECCOMP, 2, ctypes.addressof(fprog))
