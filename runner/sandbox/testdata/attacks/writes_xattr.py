# A capability for a file of its own, as an extended attribute.
# control: root?
import os

def attack():
    path = '/tmp/llamaeval-attack-xattr'
    open(path, 'w').close()
    try:
        os.setxattr(path, 'security.capability', bytes.fromhex('0100000200ffffff00000000ffffff0000000000'))
    finally:
        os.unlink(path)
    return True

# tests
assert attack()
