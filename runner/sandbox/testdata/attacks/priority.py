# More than its share of the processor.
# control: root?
import os

def attack():
    os.setpriority(os.PRIO_PROCESS, 0, -5)
    return True

# tests
assert attack()
