# A server at an abstract Unix socket.
# control: process
import socket

def attack():
    s = socket.socket(socket.AF_UNIX)
    s.connect(b'\0' + {ABSTRACT}.encode())
    return s.recv(7) == b'welcome'

# tests
assert attack()
