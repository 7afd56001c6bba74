# A module for the kernel.
# control: none
import ctypes

def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall(ctypes.c_long({INIT_MODULE}), b'', ctypes.c_long(0), b'')
    return ctypes.get_errno() not in (1, 38)

# tests
assert attack()
