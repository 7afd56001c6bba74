# A message by UDP.
# control: process
import socket

def attack():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {PORT})) == 1

# tests
assert attack()
