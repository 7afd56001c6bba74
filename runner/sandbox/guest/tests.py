# The side of the tests: trusted, and in a process of its own. It compares and
# decides; the program under test only supplies values. So a program cannot
# pass by ending early, by printing, by patching what judges it or by objects
# that claim to equal everything.


class Remote(StandIn):
    """Stands for an object of the program under test."""

    __slots__ = ("_judge", "_number")

    def __init__(self, judge, number):
        object.__setattr__(self, "_judge", judge)
        object.__setattr__(self, "_number", number)

    def __call__(self, *args, **kwargs):
        return self._judge.call(self, args, kwargs)

    def __getattr__(self, name):
        return self._judge.ask("getattr", self, name)

    def __setattr__(self, name, value):
        self._judge.ask("setattr", self, name, value)

    # Only its like is equal to an object: what equals plain data is plain data.
    def __eq__(self, other):
        return isinstance(other, Remote) and (self._number == other._number or self._judge.ask("eq", self, other) is True)

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self._judge.ask("hash", self))

    def __iter__(self):
        i = self._judge.ask("iter", self)
        if not isinstance(i, Remote):
            return iter(i)
        return i

    def __next__(self):
        return self._judge.ask("next", self)


def forward(operation):
    def method(self, *args):
        return self._judge.ask(operation, self, *args)

    return method


for method, operation in {
    "len": "len", "bool": "truth", "str": "str", "repr": "repr", "abs": "abs", "neg": "neg", "reversed": "reversed",
    "getitem": "getitem", "setitem": "setitem", "delitem": "delitem", "contains": "contains",
    "lt": "lt", "le": "le", "gt": "gt", "ge": "ge",
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "truediv", "floordiv": "floordiv", "mod": "mod", "pow": "pow",
    "and": "and_", "or": "or_", "xor": "xor", "int": "int", "float": "float", "index": "index",
}.items():
    setattr(Remote, "__%s__" % method, forward(operation))


class Judge:
    """Runs tests against a program at the other end of a channel."""

    def __init__(self, channel):
        self.channel = channel
        self.functions = []  # of the tests, that the program may call

    def run(self, source):
        """None if the tests ran to their end, else what went wrong."""
        m = self.channel.receive()
        if not isinstance(m, list) or len(m) < 2:
            raise self.channel.lost("it sent no answer")
        if m[0] != "ready":
            return self.failure(m)
        code = compile(source, "<tests>", "exec")
        namespace = {}
        for name in self.wanted(code, m[1]):
            self.take(name, namespace)
        try:
            exec(code, namespace)
        except BaseException as e:
            failed = ": ".join(filter(None, describe(e)))
        else:
            failed = None
        if self.channel.gone:  # whatever the tests made of it
            raise Gone(self.channel.gone)
        return failed

    def wanted(self, code, defined):
        """The names that the tests take from the program. What Python itself
        has under a name is used, so that a program cannot put its own abs or
        math in the judge's place, unless the tests use nothing else of the
        program: then that name is what is tested."""
        used = names_of(code)
        names = [n for n in dict.fromkeys(defined) if isinstance(n, str) and n in used]
        own = [n for n in names if n not in RESERVED]
        self.other_names = bool(own)
        return names

    def take(self, name, namespace):
        """Puts what the program has under a name into the namespace."""
        value = self.request(["name", name])
        same = not isinstance(value, Remote) and getattr(value, "__name__", None) == name
        if same or not self.other_names or name not in RESERVED:
            namespace[name] = value

    def call(self, function, args, kwargs):
        m = ["call", self.encode(function), self.encode(args), self.encode(kwargs)]
        return self.request(m, args)

    def ask(self, operation, *args):
        return self.request([operation, self.encode(args)])

    def request(self, m, args=()):
        self.channel.send(m)
        while True:
            answer = self.channel.receive()
            if not isinstance(answer, list) or len(answer) != 3:
                raise self.channel.lost("it sent no answer")
            if answer[0] == "back":
                self.channel.send(self.back(*answer[1:]))
            elif answer[0] == "raised":
                raise exception(*answer[1:])
            else:
                if answer[2] is not None:
                    self.update(args, self.decode(answer[2]))
                return self.decode(answer[1])

    def failure(self, m):
        if m[0] == "raised" and len(m) == 3:
            return ": ".join(str(x) for x in m[1:] if x)
        raise self.channel.lost("it sent no answer")

    def update(self, args, after):
        """Arguments that the program changed in place."""
        if not isinstance(after, tuple) or len(after) != len(args):
            raise self.channel.lost("it sent other arguments back")
        for a, b in zip(args, after):
            if type(a) is not type(b) or a is b:
                continue
            if isinstance(a, (list, bytearray)):
                a[:] = b
            elif isinstance(a, (dict, set, collections.deque)):
                a.clear()
                (a.extend if isinstance(a, collections.deque) else a.update)(b)

    def back(self, number, args):
        """The program calls a function of the tests."""
        if type(number) is not int or not 0 <= number < len(self.functions):
            raise self.channel.lost("it called a function that it was not given")
        try:
            return ["value", self.encode(self.functions[number](*self.decode(args)))]
        except Gone:
            raise
        except Exception as e:
            return ["raised", *describe(e)]

    def encode(self, v):
        return encode(v, self.reference)

    def decode(self, m):
        try:
            return decode(m, self.referenced)
        except Gone as e:
            raise self.channel.lost(str(e)) from None

    def reference(self, v):
        if isinstance(v, Remote):
            return ["object", v._number]
        if hasattr(type(v), "__next__"):
            return ["iterator", [self.encode(x) for x in v]]
        if not callable(v):
            raise TypeError("the tests pass a %s, which is no plain data" % type(v).__name__)
        self.functions.append(v)
        return ["function", len(self.functions) - 1]

    def referenced(self, kind, rest):
        if kind == "module" and rest[0] in PURE:
            return importlib.import_module(rest[0])
        if kind == "object" and type(rest[0]) is int:
            return Remote(self, rest[0])
        raise self.channel.lost("it sent a value of no known kind")


def names_of(code):
    names = set(code.co_names)
    for c in code.co_consts:
        if isinstance(c, type(code)):
            names |= names_of(c)
    return names


def standard_modules():
    known = getattr(sys, "stdlib_module_names", None)
    if known is None:  # Python 3.9
        found = [n.partition(".")[0] for n in os.listdir(os.path.dirname(os.__file__))]
        known = set(found) | set(sys.builtin_module_names)
    return frozenset(known)


MODULES = standard_modules()
RESERVED = MODULES | set(vars(builtins))


def exception(kind, text):
    """The exception that the program raised, as one of Python's own."""
    base = getattr(builtins, kind, None) if isinstance(kind, str) else None
    if not (isinstance(base, type) and issubclass(base, BaseException)):
        base = type(str(kind)[:100] or "Exception", (Exception,), {})
    try:
        return base(str(text)[:1000])
    except Exception:
        return RuntimeError("%s: %s" % (kind, text))
