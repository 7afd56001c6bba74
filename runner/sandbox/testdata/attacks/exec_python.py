# Another Python without limits.
# control: root
import subprocess, sys

def attack():
    return subprocess.run([sys.executable, '-c', 'raise SystemExit(7)']).returncode == 7

# tests
assert attack()
