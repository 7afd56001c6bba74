# The name of the machine.
# control: none
import socket

def attack():
    socket.sethostname('x')
    return True

# tests
assert attack()
