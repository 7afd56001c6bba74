# Counters of the whole machine.
# control: none
import ctypes, struct

def attack():
    attr = ctypes.create_string_buffer(struct.pack('IIQ', 1, 128, 0) + bytes(112))
    return ctypes.CDLL(None).syscall(ctypes.c_long({PERF}), attr, ctypes.c_long(0), ctypes.c_long(-1), ctypes.c_long(-1), ctypes.c_long(0)) >= 0

# tests
assert attack()
