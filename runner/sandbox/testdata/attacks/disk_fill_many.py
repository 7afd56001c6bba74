# Many files.
# control: process
def attack():
    for i in range(20):
        with open('f%d' % i, 'wb') as f:
            for _ in range(8):
                f.write(bytes(1 << 20))
    return True

# tests
assert attack()
