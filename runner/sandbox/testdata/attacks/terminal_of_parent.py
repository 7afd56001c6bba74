# The terminal of whoever started it.
# control: none
import os

def attack():
    for path in ('/dev/tty', '/dev/pts/0', '/dev/console', '/proc/1/fd/0', '/dev/stdin'):
        try:
            fd = os.open(path, os.O_RDWR)
        except OSError:
            continue
        if os.isatty(fd):
            return True
    return any(os.isatty(fd) for fd in range(64))

# tests
assert attack()
