# A core file with what is in memory.
# control: none
import os, resource

def attack():
    return resource.getrlimit(resource.RLIMIT_CORE)[0] != 0

# tests
assert attack()
