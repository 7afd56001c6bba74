# All descriptors.
# control: none
import os

def attack():
    return len([os.dup(0) for _ in range(100)]) == 100

# tests
assert attack()
