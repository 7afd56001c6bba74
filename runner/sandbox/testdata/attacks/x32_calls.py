# System calls by their x32 numbers.
# control: none
import ctypes

def attack():
    return ctypes.CDLL(None).syscall(ctypes.c_long(0x40000000 + 57)) >= 0

# tests
assert attack()
