# A signal to the supervisor.
# control: process
import os

def attack():
    os.kill({PID}, 0)
    return True

# tests
assert attack()
