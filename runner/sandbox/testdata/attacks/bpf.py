# Programs in the kernel.
# control: none
import ctypes

def attack():
    attr = ctypes.create_string_buffer(b'\x01\0\0\0' + b'\x04\0\0\0' + b'\x04\0\0\0' + b'\x01\0\0\0' + bytes(112))
    return ctypes.CDLL(None).syscall(ctypes.c_long({BPF}), ctypes.c_long(0), attr, ctypes.c_long(128)) >= 0

# tests
assert attack()
