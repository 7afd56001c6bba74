# A relative path leads out of the folder.
# control: process
def attack():
    return 'hunter2' in open('../' * 20 + {SECRET}[1:]).read()

# tests
assert attack()
