# A disk as a device.
# control: root?
import os, stat

def attack():
    os.mknod('disk', stat.S_IFBLK | 0o600, os.makedev(8, 0))
    return True

# tests
assert attack()
