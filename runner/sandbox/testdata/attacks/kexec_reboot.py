# The machine is restarted.
# control: none
import ctypes

def attack():
    return ctypes.CDLL(None).reboot(0) == 0

# tests
assert attack()
