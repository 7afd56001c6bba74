# The garbage collector's objects lead to the expected value.
# control: naive
import gc

def f(x):
    for o in gc.get_objects():
        if isinstance(o, dict) and 'EXPECTED' in o:
            return o['EXPECTED']
    return 0

# tests
EXPECTED = 4321
assert f(2) == EXPECTED
