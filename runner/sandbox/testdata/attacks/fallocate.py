# Space without writing.
# control: none
import os

def attack():
    fd = os.open('x', os.O_CREAT | os.O_RDWR)
    os.posix_fallocate(fd, 0, 1 << 30)
    return True

# tests
assert attack()
