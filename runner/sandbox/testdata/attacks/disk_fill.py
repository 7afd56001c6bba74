# One large file.
# control: none
import os

def attack():
    with open('big', 'wb') as f:
        for _ in range(128):
            f.write(bytes(1 << 20))
    return os.path.getsize('big') == 128 << 20

# tests
assert attack()
