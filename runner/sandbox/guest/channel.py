# What both ends share: frames over two file descriptors, and values as text.
#
# The tests run in one process, the program under test in another, and all that
# passes between them is plain data. Reading a value never runs code of the
# other side: every value is rebuilt from numbers, strings and containers.
import builtins
import collections
import importlib
import json
import os
import sys

FRAME_LIMIT = 64 << 20  # bytes


class Gone(BaseException):
    """The other side closed the channel or broke its rules."""


class Channel:
    """Length-prefixed JSON over a pair of descriptors."""

    def __init__(self, reader, writer, write=os.write, read=os.read):
        self.reader, self.writer = reader, writer
        self.gone = None  # the reason, once the other side is
        self._write, self._read = write, read

    def send(self, message):
        data = json.dumps(message).encode("ascii")
        if len(data) > FRAME_LIMIT:
            raise MemoryError("a value of more than %d bytes" % FRAME_LIMIT)
        view = memoryview(len(data).to_bytes(4, "big") + data)
        while view:
            try:
                view = view[self._write(self.writer, view):]
            except OSError:
                raise self.lost("it ended before the tests did") from None

    def lost(self, reason):
        self.gone = self.gone or reason
        return Gone(self.gone)

    def receive(self):
        size = int.from_bytes(self._exactly(4), "big")
        if size > FRAME_LIMIT:
            raise self.lost("it sent %d bytes at once" % size)
        try:
            return json.loads(self._exactly(size))
        except (ValueError, RecursionError) as e:
            raise self.lost("it sent something else than values (%s)" % type(e).__name__) from None

    def _exactly(self, n):
        parts = []
        while n:
            try:
                part = self._read(self.reader, min(n, 1 << 20))
            except OSError:
                part = b""
            if not part:
                raise self.lost("it ended before the tests did")
            parts.append(part)
            n -= len(part)
        return b"".join(parts)


class StandIn:
    """What stands for an object of the other side."""

    __slots__ = ()


SMALL = 1 << 62


def encode(v, reference):
    """The value as JSON. reference encodes what is not plain data."""
    if v is None or v is True or v is False:
        return v
    t = type(v)
    if t is float:
        return v
    if t is str:
        return v
    if t is int:
        return v if -SMALL < v < SMALL else ["int", hex(v)]
    if issubclass(t, StandIn):
        return reference(v)
    many = lambda items: [encode(x, reference) for x in items]
    pairs = lambda d: [[encode(k, reference), encode(x, reference)] for k, x in dict.items(d)]
    if isinstance(v, list):
        return ["list", many(list.__iter__(v))]
    if isinstance(v, tuple):
        return ["tuple", many(tuple.__iter__(v))]
    if isinstance(v, collections.Counter):
        return ["Counter", pairs(v)]
    if isinstance(v, collections.OrderedDict):
        return ["OrderedDict", [[encode(k, reference), encode(x, reference)] for k, x in v.items()]]
    if isinstance(v, dict):
        return ["dict", pairs(v)]
    if isinstance(v, set):
        return ["set", many(set.__iter__(v))]
    if isinstance(v, frozenset):
        return ["frozenset", many(frozenset.__iter__(v))]
    if isinstance(v, (type({}.keys()), type({}.items()))):
        return ["set", many(v)]
    # Kinds of numbers and texts that a program derived: their plain value.
    for base in (int, float, str):
        if isinstance(v, base):
            return encode(base.__add__(v, base()), reference)
    return encode_rare(v, t, reference, many)


def encode_rare(v, t, reference, many):
    if t is bytes or t is bytearray:
        return [t.__name__, v.hex()]
    if t is complex:
        return ["complex", v.real, v.imag]
    if t is range:
        return ["range"] + many([v.start, v.stop, v.step])
    if t is slice:
        return ["slice"] + many([v.start, v.stop, v.step])
    if t is collections.deque:
        return ["deque", many(v), v.maxlen]
    name = t.__name__
    if t is loaded("decimal", "Decimal"):
        return [name, str(v)]
    if t is loaded("fractions", "Fraction"):
        return [name] + many([v.numerator, v.denominator])
    if t is loaded("datetime", "timedelta"):
        return [name, v.days, v.seconds, v.microseconds]
    if name in ("date", "time", "datetime") and t is loaded("datetime", name) and getattr(v, "tzinfo", None) is None:
        return [name, v.isoformat()]
    if v is Ellipsis or v is NotImplemented:
        return [str(v)]
    if t is type(sys) and v.__name__ in PURE:
        return ["module", v.__name__]
    module, name = getattr(v, "__module__", None), getattr(v, "__name__", None)
    if callable(v) and isinstance(name, str) and module in PURE and library(module, name) is v:
        return ["library", module, name]
    return reference(v)


def loaded(module, name):
    """A class of a module that the program has imported, else a new object."""
    return getattr(sys.modules.get(module), name, None) or object()


# Modules whose functions and classes are the same on both sides: they only
# compute. What else Python has is reached in the process that has it.
PURE = frozenset(
    "bisect builtins cmath collections copy datetime decimal fractions functools heapq itertools"
    " math operator random re statistics string typing".split()
)
IMPURE = frozenset(
    "__build_class__ __import__ breakpoint compile delattr eval exec exit globals help input locals open print quit"
    " setattr super vars".split()
)


def library(module, name):
    """A function or class of PURE by name; None if there is none."""
    if module not in PURE or name in IMPURE:
        return None
    return getattr(importlib.import_module(module), name, None)


def decode(m, referenced):
    """The value of what encode wrote. referenced makes the stand-in of what
    is not plain data. Anything malformed is an error of the other side."""
    if not isinstance(m, list):
        if isinstance(m, dict):
            raise Gone("it sent a value of no known kind")
        return m
    try:
        kind, rest = m[0], m[1:]
        maker = MAKERS.get(kind) if isinstance(kind, str) else None
        if maker is None:
            return referenced(kind, rest)
        return maker(lambda x: decode(x, referenced), *rest)
    except (TypeError, ValueError, IndexError, ArithmeticError, AttributeError) as e:
        raise Gone("it sent a malformed value (%s)" % type(e).__name__) from None


def plain_number(n):
    if type(n) not in (int, float):
        raise TypeError
    return n


MAKERS = {
    "int": lambda d, x: int(x, 16),
    "list": lambda d, xs: [d(x) for x in xs],
    "tuple": lambda d, xs: tuple([d(x) for x in xs]),
    "set": lambda d, xs: {d(x) for x in xs},
    "frozenset": lambda d, xs: frozenset([d(x) for x in xs]),
    "dict": lambda d, xs: {d(k): d(v) for k, v in xs},
    "Counter": lambda d, xs: collections.Counter({d(k): d(v) for k, v in xs}),
    "OrderedDict": lambda d, xs: collections.OrderedDict([(d(k), d(v)) for k, v in xs]),
    "bytes": lambda d, x: bytes.fromhex(x),
    "bytearray": lambda d, x: bytearray.fromhex(x),
    "complex": lambda d, re, im: complex(plain_number(re), plain_number(im)),
    "range": lambda d, a, b, c: range(d(a), d(b), d(c)),
    "slice": lambda d, a, b, c: slice(d(a), d(b), d(c)),
    "deque": lambda d, xs, n: collections.deque([d(x) for x in xs], d(n)),
    "Decimal": lambda d, x: library("decimal", "Decimal")(x),
    "Fraction": lambda d, n, m: library("fractions", "Fraction")(d(n), d(m)),
    "timedelta": lambda d, *n: library("datetime", "timedelta")(*map(plain_number, n)),
    "date": lambda d, x: library("datetime", "date").fromisoformat(x),
    "time": lambda d, x: library("datetime", "time").fromisoformat(x),
    "datetime": lambda d, x: library("datetime", "datetime").fromisoformat(x),
    "Ellipsis": lambda d: Ellipsis,
    "NotImplemented": lambda d: NotImplemented,
    "library": lambda d, module, name: library(module, name),
}


def describe(e):
    """Kind and text of an exception, both short."""
    try:
        text = str(e)
    except BaseException:
        text = ""
    return type(e).__name__[:100], text[:1000]
