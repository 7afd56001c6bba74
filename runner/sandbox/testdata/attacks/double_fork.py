# A grandchild that outlives the limit.
# control: root
import os, time

def attack():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(1)
            open({VICTIM}, 'w').write('late')
        os._exit(0)
    time.sleep(2)
    return open({VICTIM}).read() == 'late'

# tests
assert attack()
