# A file for the next program.
# control: twice
import os

def attack():
    found = os.path.exists('/tmp/left')
    open('/tmp/left', 'w').close()
    return found

# tests
assert attack()
