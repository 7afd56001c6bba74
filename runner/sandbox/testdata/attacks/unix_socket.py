# A server at a Unix socket.
# control: process
import socket

def attack():
    s = socket.socket(socket.AF_UNIX)
    s.connect({UNIX})
    return s.recv(7) == b'welcome'

# tests
assert attack()
