# A process by the newer system call.
# control: root?
import ctypes, os, struct

def attack():
    args = ctypes.create_string_buffer(struct.pack('8Q', 0, 0, 0, 0, 17, 0, 0, 0))
    pid = ctypes.CDLL(None).syscall(ctypes.c_long(435), args, ctypes.c_long(64))
    if pid == 0:
        os._exit(0)
    return pid > 0

# tests
assert attack()
