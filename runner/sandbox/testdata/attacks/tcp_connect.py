# A connection to a server on the machine.
# control: process
import socket

def attack():
    return socket.create_connection(('127.0.0.1', {PORT}), 2).recv(7) == b'welcome'

# tests
assert attack()
