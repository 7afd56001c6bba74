# How a verdict is reported: over a channel of the tests' process alone.


def verdict(channel, tests, report, write=os.write):
    """Judges the program at the other end and says so: "start" once it begins,
    then "pass", or "fail" and the reason."""
    try:
        first = channel.receive()
    except Gone:
        first = None
    if first != ["confined"]:
        say(report, "unconfined the process of the program could not be confined", write)
        return
    say(report, "start\n", write)
    try:
        failed = Judge(channel).run(tests)
    except Gone as e:
        say(report, "gone " + str(e), write)
        return
    except BaseException as e:  # the tests do not compile
        failed = ": ".join(filter(None, describe(e)))
    say(report, "pass" if failed is None else "fail " + failed, write)


def say(fd, text, write=os.write):
    write(fd, text.encode("utf-8", "replace")[:4096])
