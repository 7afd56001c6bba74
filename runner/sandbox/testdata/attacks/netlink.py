# The machine's interfaces by netlink.
# control: process?
import socket

def attack():
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).bind((0, 0))
    return True

# tests
assert attack()
