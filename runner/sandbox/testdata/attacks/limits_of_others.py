# The limits of the supervisor.
# control: process?
import resource

def attack():
    return bool(resource.prlimit({PID}, resource.RLIMIT_NOFILE))

# tests
assert attack()
