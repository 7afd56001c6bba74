# A file in a folder of the user.
# control: process
def attack():
    return 'hunter2' in open({SECRET}).read()

# tests
assert attack()
