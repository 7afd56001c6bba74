# It never ends.
# control: slow
def attack():
    while True:
        pass

# tests
assert attack()
