# Tracing at all.
# control: process?
import ctypes

def attack():
    return ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0

# tests
assert attack()
