# Its own limits are raised.
# control: root?
import resource

def attack():
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    return True

# tests
assert attack()
