# A text that doubles without end.
# control: none
def attack():
    s = 'ha'
    while True:
        s += s

# tests
assert attack()
