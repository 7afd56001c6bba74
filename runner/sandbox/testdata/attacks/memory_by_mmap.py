# Memory by maps.
# control: none
import mmap

def attack():
    return [mmap.mmap(-1, 256 << 20) for _ in range(12)] != []

# tests
assert attack()
