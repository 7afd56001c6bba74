# Another user.
# control: root
import os

def attack():
    os.setuid(1)
    return True

# tests
assert attack()
