# Processes without end.
# control: root
import os

def attack():
    n = 0
    while n < 5:
        if os.fork() == 0:
            os._exit(0)
        n += 1
    return True

# tests
assert attack()
