# System V shared memory.
# control: process?
import ctypes

def attack():
    libc = ctypes.CDLL(None)
    n = libc.shmget(0, 4096, 0o1600)
    if n >= 0:
        libc.shmctl(n, 0, None)
    return n >= 0

# tests
assert attack()
