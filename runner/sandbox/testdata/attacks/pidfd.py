# A descriptor of another process.
# control: process?
import os

def attack():
    os.pidfd_open({PID})
    return True

# tests
assert attack()
