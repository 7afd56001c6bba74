# Runs one side in an ordinary process: the program or its tests, whose text
# comes on stdin. Descriptor 3 is the channel, 4 the report.
import random
import resource


def main():
    role, limits = sys.argv[1], json.loads(sys.argv[2])
    text = sys.stdin.buffer.read().decode("utf-8", "replace")
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    sys.argv[:] = [""]
    os.environ.pop("PYTHONHASHSEED", None)
    random.seed(0)
    # An error up to here, or in a limit, ends the process: without its limits
    # no program runs.
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, name), (value, value))
    channel = Channel(3, 3)
    if role == "tests":
        verdict(channel, text, 4)
    else:
        channel.send(["confined"])
        Program(channel).run(text)


try:
    main()
except Gone:
    pass
finally:
    os._exit(0)
