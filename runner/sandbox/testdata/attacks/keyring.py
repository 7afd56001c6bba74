# The kernel's keyrings.
# control: process?
import ctypes

def attack():
    return ctypes.CDLL(None).syscall(ctypes.c_long({KEYCTL}), ctypes.c_long(0), ctypes.c_long(-3), ctypes.c_long(1)) >= 0

# tests
assert attack()
