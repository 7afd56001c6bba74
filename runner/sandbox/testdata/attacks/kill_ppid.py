# A signal to the process above.
# control: none
import os, signal

def attack():
    above = os.getppid()
    os.kill(above, signal.SIGKILL)
    import time
    time.sleep(0.2)
    return os.getppid() != above

# tests
assert attack()
