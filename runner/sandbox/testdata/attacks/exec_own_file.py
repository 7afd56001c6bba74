# A program it has written.
# control: root
import os, subprocess

def attack():
    open('x', 'w').write('#!/bin/sh\nexit 7\n')
    os.chmod('x', 0o755)
    return subprocess.run(['./x']).returncode == 7

# tests
assert attack()
