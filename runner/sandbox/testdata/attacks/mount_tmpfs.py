# A file system without limits.
# control: none
import ctypes, os

def attack():
    os.mkdir('p')
    return ctypes.CDLL(None).mount(b'tmpfs', b'p', b'tmpfs', 0, None) == 0

# tests
assert attack()
