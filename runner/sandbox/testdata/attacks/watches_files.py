# Who opens which file.
# control: process
import ctypes

def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.inotify_init1(0)
    return fd >= 0 and libc.inotify_add_watch(fd, b'/', 0xfff) >= 0

# tests
assert attack()
