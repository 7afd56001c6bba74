# The process ends where the tests expect an exception.
# control: none
import os

def f(x):
    os._exit(1)

# tests
try:
    f(2)
    assert False
except BaseException:
    pass
