# Its memory is opened to others.
# control: process
import ctypes

def attack():
    return ctypes.CDLL(None).prctl(4, 1, 0, 0, 0) == 0

# tests
assert attack()
