# Shared memory of the machine.
# control: process?
def attack():
    open('/dev/shm/llamaeval-attack', 'w').write('x')
    import os
    os.remove('/dev/shm/llamaeval-attack')
    return True

# tests
assert attack()
