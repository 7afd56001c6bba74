# It waits for ever.
# control: slow
import time

def attack():
    time.sleep(10**6)

# tests
assert attack()
