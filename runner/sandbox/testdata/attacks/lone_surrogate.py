# A text that no encoding can carry.
# control: none
def attack():
    return '\ud800' * 10

# tests
assert attack() == 'x'
