# Output without end, on the other stream.
# control: slow
import os

def attack():
    while True:
        os.write(2, b'x' * 65536)

# tests
assert attack()
