# Source text that is nested beyond the parser's stack.
# control: none
def attack():
    exec(compile('x = ' + '-' * 10**6 + '1', '', 'exec'))
    exec(compile('x = ' + '(' * 10**5 + ')' * 10**5, '', 'exec'))
    return True

# tests
assert attack()
