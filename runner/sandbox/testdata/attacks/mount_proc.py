# A proc file system of its own.
# control: none
import ctypes, os

def attack():
    os.mkdir('p')
    return ctypes.CDLL(None).mount(b'proc', b'p', b'proc', 0, None) == 0

# tests
assert attack()
