# What lies in the home folder.
# control: process?
import os

def attack():
    return bool(os.listdir({HOME}))

# tests
assert attack()
