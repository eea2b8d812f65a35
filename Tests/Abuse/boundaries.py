"""The values at which programs err: numbers around the limits of their types, what only looks like one, wrong types."""

import json
import urllib.parse

# Of 32 and 64 bits, signed and not, and of the integers that a double holds exactly.
LIMITS = [
    0, 1, -1, 2**15, 2**16, 2**31 - 1, 2**31, 2**32, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64,
    -(2**31), -(2**53), -(2**63), -(2**63) - 1, 10**18, 10**19]
# What a lenient parser takes for a number and a strict one doesn't, and what overflows a double.
SHAPES = [
    "", " ", " 1", "1 ", "-0", "+1", "007", "0x10", "1e3", "1e308", "1e400", "-1e400", "1.5", "0.1", "NaN", "Infinity",
    "-Infinity", "\u0661", "\uff11", "1,000", "1_000", "--1", "-", "1-", "null", "true", "1\u0000", "%", "'", "9" * 300]
HUGE = "9" * 10_240
NUMBERS = [str(limit) for limit in LIMITS] + SHAPES + [HUGE]
NESTED = "[" * 5_000 + "]" * 5_000


def in_url(text):
    return urllib.parse.quote(text, safe="")


def in_header(text):
    """A header's value is bytes; what would end the line is somebody else's attack."""
    return text.replace("\r", "").replace("\n", "").replace("\0", "")


def json_values():
    """Raw JSON, and what isn't: every number bare and as a text, and every other type."""
    bare = [text for text in NUMBERS if text.strip()]
    texts = [json.dumps(text) for text in NUMBERS]
    others = [
        "null", "true", "false", "[]", "{}", "[null]", '{"a":1}', "[[[[[[]]]]]]", '{"a":{"a":{"a":{}}}}', '"\\ud800"',
        '"\\u0000"', '"\\u202e"', "1e-400", "[" + "1," * 2_000 + "1]", "{" + '"a":1,' * 50 + '"b":2}']
    return bare + texts + others + [NESTED]


def cursors(uuid):
    """A page's cursor is `<number>.<uuid>`; so are the shapes around it."""
    for text in NUMBERS:
        yield f"{text}.{uuid}"
        yield text
    yield from (f".{uuid}", f"{uuid}", f"0.{uuid}.0", f"0.{uuid[:-1]}", f"{uuid}.0", "0.", ".", "..", f"0..{uuid}")


def positions():
    """Of a user's queue: an event's id, or that with a `u` in front."""
    for text in NUMBERS:
        yield text
        yield "u" + text
    yield from ("u", "uu", "uu1", "U1", "1u", "v1")


def ranges():
    """The header Range, whole and broken."""
    for text in NUMBERS:
        yield f"bytes={text}-"
        yield f"bytes=-{text}"
        yield f"bytes=0-{text}"
    big = 2**63 - 1
    yield from (
        "bytes=", "bytes=-", "bytes", "=", "bytes=0-0,1-1", "bytes=5-1", f"bytes={big}-{big}", f"bytes=1-{big},{big}-",
        "items=0-1", "bytes=0-0,-1", "bytes=" + "0-0," * 500 + "0-0", "bytes=a-b", "bytes=0 - 1", "BYTES=0-1")
