# Without the channel there is nobody to say that it failed.
# control: none
import os

def attack():
    os.closerange(0, 64)
    return True

# tests
assert attack()
