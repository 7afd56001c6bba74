# A server for others to reach.
# control: process
import socket

def attack():
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    s.listen()
    return True

# tests
assert attack()
