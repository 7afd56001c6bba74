# A process by the bare system call.
# control: root
import ctypes, os

def attack():
    pid = ctypes.CDLL(None).syscall(ctypes.c_long({CLONE}), ctypes.c_long(17), ctypes.c_long(0), ctypes.c_long(0), ctypes.c_long(0), ctypes.c_long(0))
    if pid == 0:
        os._exit(0)
    return pid > 0

# tests
assert attack()
