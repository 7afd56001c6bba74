# A token in the environment.
# control: none
import os

def attack():
    return any('hunter2' in v or 'TOKEN' in k for k, v in os.environ.items())

# tests
assert attack()
