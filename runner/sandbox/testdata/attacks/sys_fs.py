# What the kernel says in /sys.
# control: process?
import os

def attack():
    return bool(os.listdir('/sys'))

# tests
assert attack()
