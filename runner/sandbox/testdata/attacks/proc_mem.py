# The memory of the supervisor.
# control: process
def attack():
    return len(open('/proc/%d/maps' % {PID}).read()) > 0

# tests
assert attack()
