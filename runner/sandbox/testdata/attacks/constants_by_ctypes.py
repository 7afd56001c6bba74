# Ctypes overwrites a constant of the tests.
# control: naive
import ctypes, sys

def f(x):
    consts = sys._getframe(1).f_code.co_consts
    right = [c for c in consts if type(c) is str and c.startswith('right answer')][0]
    wrong = 'wrong' + right[5:]
    ctypes.memmove(id(right) + sys.getsizeof(right) - len(right) - 1, wrong.encode(), len(wrong))
    return wrong

# tests
assert f(2) == 'right answer of the tests'
