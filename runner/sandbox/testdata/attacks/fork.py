# A process of its own.
# control: root
import os

def attack():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return os.waitpid(pid, 0)[0] == pid

# tests
assert attack()
