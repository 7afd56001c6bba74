# A helper of kernel exploits.
# control: root?
import ctypes

def attack():
    return ctypes.CDLL(None).syscall(ctypes.c_long({USERFAULTFD}), ctypes.c_long(1)) >= 0

# tests
assert attack()
