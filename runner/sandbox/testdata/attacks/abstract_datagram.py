# A message to an abstract socket from a socket pair.
# control: process
import ctypes, socket, struct

def attack():
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    return a.sendto(b'x', b'\0' + {ABSTRACT}.encode() + b'-datagram') == 1

# tests
assert attack()
