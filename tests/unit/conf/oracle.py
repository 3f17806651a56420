"""Reads texts as hex, one a line; prints what Python's json makes of each as crossgrade's dialect "json" names and writes it:
"path=value" pairs as hex, or "error"."""
import codecs
import json
import sys

codecs.register_error("go", lambda e: ("\ufffd", e.start + 1))


class Number(str):
    def __new__(cls, text):
        if abs(float(text)) == float("inf"):
            raise ValueError(text)
        return super().__new__(cls, text)


def no_constant(name):
    raise ValueError(name)


def whole(s):
    return s.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def quoted(s):
    short = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
    return '"' + "".join(short.get(c) or (f"\\u{ord(c):04X}" if c < " " else c) for c in whole(s)) + '"'


def written(v):
    if isinstance(v, list):
        return "[" + ",".join(written(x) for x in v) + "]"
    if isinstance(v, Number):
        return str(v)
    return quoted(v) if isinstance(v, str) else {True: "true", False: "false", None: "null"}[v]


def has_object(v):
    return isinstance(v, dict) or isinstance(v, list) and any(has_object(x) for x in v)


def leaves(path, v):
    if not has_object(v):
        return [(".".join(path), written(v))]
    members = v.items() if isinstance(v, dict) else enumerate(v)
    return [leaf for name, x in members for leaf in leaves([*path, whole(str(name))], x)]


def read(raw):
    try:
        v = json.loads(raw.decode("utf-8", "go"), parse_int=Number, parse_float=Number, parse_constant=no_constant)
    except (ValueError, OverflowError):
        return "error"
    if v is None:
        return ""
    if not isinstance(v, dict):
        return "error"
    return " ".join(sorted(f"{p.encode().hex()}={x.encode().hex()}" for p, x in leaves([], v)))


for line in sys.stdin:
    print(read(bytes.fromhex(line.strip())))
