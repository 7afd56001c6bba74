# System calls past the filter.
# control: process?
import ctypes

def attack():
    params = ctypes.create_string_buffer(248)
    return ctypes.CDLL(None).syscall(ctypes.c_long(425), ctypes.c_long(4), params) >= 0

# tests
assert attack()
