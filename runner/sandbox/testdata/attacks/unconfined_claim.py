# The program claims that it could not be confined.
# control: none
import json, os
data = json.dumps(['unconfined', 'x']).encode()
for fd in range(3, 64):
    try:
        os.write(fd, len(data).to_bytes(4, 'big') + data)
    except OSError:
        pass
os._exit(0)

# tests
assert f(2) == 4
assert f(3) == 9
