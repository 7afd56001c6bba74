# The environment the process began with.
# control: none
import ctypes

def attack():
    environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), 'environ')
    i = 0
    while environ and environ[i]:
        if b'TOKEN' in environ[i] or b'hunter2' in environ[i]:
            return True
        i += 1
    return False

# tests
assert attack()
