# The side of the program under test: runs it and then serves what the tests
# ask of it. Nothing here is trusted once the program has begun: all it can do
# is to send other data.
import operator


class Program:
    """The objects of the program that the tests hold, by number."""

    def __init__(self, channel):
        self.channel = channel
        self.objects = []
        self.names = {}

    def run(self, source):
        try:
            # An empty namespace, as the reference has it: __name__ is not
            # "__main__", so a trailing main block does not run.
            exec(compile(source, "<program>", "exec"), self.names)
        except BaseException as e:  # SystemExit as well: an early exit is no pass
            self.channel.send(["raised", *describe(e)])
            return
        self.channel.send(["ready", [n for n in self.names if isinstance(n, str)]])
        self.serve()

    def serve(self, until=None):
        """Answers requests; with until, up to an answer of the tests."""
        while True:
            m = self.channel.receive()
            if until is not None and m[0] in ("value", "raised"):
                return m
            try:
                answer = self.answer(*m)
            except BaseException as e:
                answer = ["raised", *describe(e)]
            self.channel.send(answer)

    def answer(self, operation, *rest):
        if operation == "name":
            return ["value", self.encode(self.names[rest[0]]), None]
        if operation == "call":
            function, args, kwargs = self.decode(rest[0]), self.decode(rest[1]), self.decode(rest[2])
            result = function(*args, **kwargs)
            return ["value", self.encode(result), self.changed(rest[1], args)]
        # Everything else names a function of the module operator or a builtin.
        function = getattr(operator, operation, None) or getattr(builtins, operation)
        return ["value", self.encode(function(*self.decode(rest[0]))), None]

    def changed(self, before, args):
        """The arguments if the call changed them, else None."""
        if not any(isinstance(a, (list, dict, set, bytearray, collections.deque)) for a in args):
            return None
        after = self.encode(args)
        return None if after == before else after

    def encode(self, v):
        return encode(v, self.reference)

    def decode(self, m):
        return decode(m, self.referenced)

    def reference(self, v):
        self.objects.append(v)
        return ["object", len(self.objects) - 1]

    def referenced(self, kind, rest):
        if kind == "object":
            return self.objects[rest[0]]
        if kind == "module":
            return importlib.import_module(rest[0])
        if kind == "iterator":
            return iter([self.decode(x) for x in rest[0]])
        if kind == "function":
            return self.callback(rest[0])
        raise ValueError(kind)

    def callback(self, number):
        """A function of the tests that was passed to the program."""

        def call(*args):
            self.channel.send(["back", number, self.encode(args)])
            m = self.serve(until=number)
            if m[0] == "raised":
                raise RuntimeError("%s: %s" % (m[1], m[2]))
            return self.decode(m[1])

        return call
