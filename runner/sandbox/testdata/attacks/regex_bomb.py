# A regular expression that never ends, in C.
# control: slow
import re

def attack():
    return re.match('(a*)*b', 'a' * 60)

# tests
assert attack()
