# Output without end.
# control: slow
import sys

def attack():
    while True:
        print('x' * 10000)

# tests
assert attack()
