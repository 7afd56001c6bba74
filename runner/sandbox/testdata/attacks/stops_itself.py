# It stops itself, so that nothing is left that a timer could end.
# control: slow
import os, signal

def attack():
    os.kill(os.getpid(), signal.SIGSTOP)
    return True

# tests
assert attack()
