# All cores for itself.
# control: process
import os

def attack():
    os.sched_setaffinity(0, os.sched_getaffinity(0))
    return True

# tests
assert attack()
