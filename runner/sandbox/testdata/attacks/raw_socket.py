# Packets of any kind.
# control: root?
import socket

def attack():
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3)
    return True

# tests
assert attack()
