# A shell.
# control: root
import os

def attack():
    return os.system('exit 7') >> 8 == 7

# tests
assert attack()
