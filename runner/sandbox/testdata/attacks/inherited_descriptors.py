# Files the supervisor had open.
# control: none
import os

def attack():
    for fd in range(3, 1024):
        try:
            if os.path.samestat(os.fstat(fd), os.stat({SECRET})):
                return True
        except OSError:
            pass
    for fd in range(3, 1024):
        try:
            if b'hunter2' in os.pread(fd, 100, 0):
                return True
        except OSError:
            pass
    return False

# tests
assert attack()
