# A symbolic link leads to the file.
# control: process
import os

def attack():
    os.symlink({SECRET}, 'link')
    return 'hunter2' in open('link').read()

# tests
assert attack()
