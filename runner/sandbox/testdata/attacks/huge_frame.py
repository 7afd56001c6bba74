# A frame that claims to be of 4 GB.
# control: none
import os
for fd in range(3, 64):
    try:
        os.write(fd, b'\xff\xff\xff\xff' + b'x' * 1000)
    except OSError:
        pass

def f(x):
    return 4

# tests
assert f(2) == 4
assert f(3) == 9
