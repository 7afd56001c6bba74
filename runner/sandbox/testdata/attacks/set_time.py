# The clock of the machine.
# control: none
import time

def attack():
    time.clock_settime(time.CLOCK_REALTIME, time.time())
    return True

# tests
assert attack()
