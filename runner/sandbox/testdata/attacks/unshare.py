# A user namespace with new rights.
# control: process?
import ctypes

def attack():
    return ctypes.CDLL(None).unshare(0x10000000) == 0

# tests
assert attack()
