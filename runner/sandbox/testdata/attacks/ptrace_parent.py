# The supervisor is traced.
# control: none
import ctypes

def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.ptrace(16, {PID}, 0, 0) == 0

# tests
assert attack()
