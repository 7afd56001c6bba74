# A number that never ends, in C.
# control: slow
def attack():
    return 9 ** 9 ** 9 ** 9

# tests
assert attack()
