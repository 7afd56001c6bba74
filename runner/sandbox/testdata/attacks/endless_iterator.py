# A value without end.
# control: slow
def attack():
    while True:
        yield 1

# tests
assert sum(attack()) == 0
