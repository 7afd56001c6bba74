# The root of another process.
# control: process
import os

def attack():
    return any(os.path.exists('/proc/%s/root/etc/passwd' % p) for p in (1, 'self', {PID}))

# tests
assert attack()
