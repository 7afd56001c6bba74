# Threads without end.
# control: none
import threading, time

def attack():
    for _ in range(40):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return True

# tests
assert attack()
