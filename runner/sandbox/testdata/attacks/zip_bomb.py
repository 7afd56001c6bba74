# A small archive of zeros without end.
# control: none
import io, zlib

def attack():
    c = zlib.compressobj(1)
    small = b''.join(c.compress(bytes(1 << 20)) for _ in range(1500)) + c.flush()
    return len(zlib.decompress(small)) == 1500 << 20

# tests
assert attack()
