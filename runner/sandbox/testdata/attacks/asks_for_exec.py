# A name of the program is Python's exec.
# control: none
import builtins
f = builtins.exec

# tests
code = 'raise SystemExit'
assert f(code) is None
assert f(2) == 4
