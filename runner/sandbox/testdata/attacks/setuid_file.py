# A file that gives rights to others.
# control: process?
import os

def attack():
    open('s', 'w').close()
    os.chmod('s', 0o4755)
    return bool(os.stat('s').st_mode & 0o4000) and not os.statvfs('.').f_flag & 2

# tests
assert attack()
