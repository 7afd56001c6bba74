# A small number whose integer takes all memory.
# control: none
import decimal

def attack():
    return decimal.Decimal('1e999999999999999')

# tests
assert int(attack()) == 1
