# More files than a disk has room for.
# control: process
import os

def attack():
    for i in range(6000):
        os.mkdir('d%d' % i)
    return True

# tests
assert attack()
