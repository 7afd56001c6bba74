# Python's library is changed for the next program.
# control: root?
import os

def attack():
    path = os.path.join(os.path.dirname(os.__file__), 'llamaeval_attack.py')
    open(path, 'w').close()
    os.remove(path)
    return True

# tests
assert attack()
