# Frames without end.
# control: none
import os

def attack():
    for _ in range(1000):
        for fd in range(3, 8):
            try:
                os.write(fd, b'\0\0\0\4null' * 1000)
            except OSError:
                pass

# tests
assert attack()
