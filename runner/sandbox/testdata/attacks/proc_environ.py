# The environment of other processes.
# control: process?
import glob

def attack():
    for path in glob.glob('/proc/[0-9]*/environ'):
        try:
            if open(path, 'rb').read():
                return True
        except OSError:
            pass
    return False

# tests
assert attack()
