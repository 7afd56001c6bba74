# Values of no known kind, made by hand.
# control: none
import gc

def f(x):
    channel = [o for o in gc.get_objects() if type(o).__name__ == 'Channel'][0]
    for m in (['library', 'os', '_exit'], ['library', 'builtins', 'exec'], ['module', 'os'], ['function', 0], {'a': 1}, [[]], ['int', 'zz'], ['deque', 3, -1]):
        channel.send(['value', m, None])
    return 4

# tests
got = f(2)
assert got == 4
