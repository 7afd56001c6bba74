# A function of the library shadows abs.
# control: naive
from operator import neg as abs

def f(x):
    return 7

# tests
assert abs(f(2) - 4) < 1e-6
