# A value larger than all limits.
# control: none
def attack():
    return 'x' * (200 << 20)

# tests
assert len(attack()) == 200 << 20
