# A value nested without end.
# control: none
def attack():
    x = []
    for _ in range(10**5):
        x = [x]
    return x

# tests
assert attack()
