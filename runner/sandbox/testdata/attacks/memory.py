# All memory of the machine.
# control: none
def attack():
    x = []
    for _ in range(192):
        x.append(bytearray(16 << 20))
    return True

# tests
assert attack()
