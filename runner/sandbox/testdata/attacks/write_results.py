# A result is overwritten.
# control: process
def attack():
    open({VICTIM}, 'w').write('forged')
    return open({VICTIM}).read() == 'forged'

# tests
assert attack()
