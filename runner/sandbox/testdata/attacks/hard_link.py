# A hard link to the file.
# control: process
import os

def attack():
    os.link({SECRET}, {SECRET} + '.link')
    return os.path.exists({SECRET} + '.link')

# tests
assert attack()
