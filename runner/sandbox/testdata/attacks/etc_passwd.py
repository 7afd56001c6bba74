# The users of the machine.
# control: process
def attack():
    return 'root' in open('/etc/passwd').read()

# tests
assert attack()
