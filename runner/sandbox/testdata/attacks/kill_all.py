# A signal to all processes.
# control: none
import os, signal

def attack():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.kill(-1, signal.SIGTERM)
    return False

# tests
assert attack()
