# The namespace of another process.
# control: root?
import ctypes, os

def attack():
    fd = os.open('/proc/%d/ns/net' % {PID}, os.O_RDONLY)
    return ctypes.CDLL(None).setns(fd, 0) == 0

# tests
assert attack()
