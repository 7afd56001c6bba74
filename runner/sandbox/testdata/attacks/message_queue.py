# A queue that outlives the process.
# control: process?
import ctypes

def attack():
    libc = ctypes.CDLL(None)
    n = libc.msgget(0, 0o1600)
    if n >= 0:
        libc.msgctl(n, 0, None)
    return n >= 0

# tests
assert attack()
