# Recursion without end.
# control: none
import sys
sys.setrecursionlimit(10**9)

def attack():
    return attack()

# tests
assert attack()
