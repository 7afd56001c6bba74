# It catches whatever would end it.
# control: slow
import signal
for s in range(1, 32):
    try:
        signal.signal(s, signal.SIG_IGN)
    except (OSError, ValueError):
        pass

def attack():
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass

# tests
assert attack()
