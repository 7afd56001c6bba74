# A program in memory.
# control: process?
import os

def attack():
    os.memfd_create('x')
    return True

# tests
assert attack()
