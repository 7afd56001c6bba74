# The memory of another process.
# control: process?
import ctypes, os

def attack():
    class iovec(ctypes.Structure):
        _fields_ = [('base', ctypes.c_void_p), ('len', ctypes.c_size_t)]
    a, b = ctypes.create_string_buffer(b'x' * 8), ctypes.create_string_buffer(8)
    one, two = iovec(ctypes.addressof(b), 8), iovec(ctypes.addressof(a), 8)
    return ctypes.CDLL(None).process_vm_readv(os.getpid(), ctypes.byref(one), 1, ctypes.byref(two), 1, 0) == 8

# tests
assert attack()
