# A filter of its own.
# control: none
import ctypes

def attack():
    return ctypes.CDLL(None).syscall(ctypes.c_long({SECCOMP}), ctypes.c_long(0), ctypes.c_long(0), ctypes.c_long(0)) != -1 or ctypes.CDLL(None).prctl(22, 1) == 0

# tests
assert attack()
