# It asks to live on when its parent dies.
# control: process
import ctypes

def attack():
    return ctypes.CDLL(None, use_errno=True).prctl(1, 0, 0, 0, 0) == 0  # PR_SET_PDEATHSIG

# tests
assert attack()
