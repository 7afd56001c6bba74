# Devices of the host.
# control: process?
import os

def attack():
    return len(os.listdir('/dev')) > 8

# tests
assert attack()
