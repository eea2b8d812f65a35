"""What counts as a violation. Each verdict looks at a record, and returns a sentence, sentences, or nothing."""

import re

MIB = 2**20
# What the gateways may hold while they are attacked, and afterwards, beyond what they held before.
GROWTH = 128 * MIB
LEFT_OVER = 48 * MIB
DESCRIPTORS_LEFT_OVER = 16
# The measurement itself, and HAProxy's checks, are connections too.
CONNECTIONS_LEFT_OVER = 4

# How a shell reports the ends that were asked for: none, SIGHUP, SIGINT, SIGKILL, SIGTERM.
ASKED_FOR = {0, 129, 130, 137, 143}

# A line of a log that means a mistake in the program, or damage, not a mistake of the client.
DEFECTS = [re.compile(pattern, re.IGNORECASE) for pattern in (
    r"msg=\"?(defect|crashed)\b", r"fatal error", r"runtime failure", r"program crashed", r"precondition", r"assertion failed", r"sanitizer",
    r"\bbad file descriptor\b|\bEBADF\b", r"\bEFAULT\b|\bbad address\b", r"segmentation|illegal instruction",
    r"has lost events", r"hole stays open", r"\bdamaged\b", r"can't be (de|en)crypted", r"dead.?letter",
    r"too many open files|\bEMFILE\b", r"cannot allocate|out of memory", r"\bPANIC\b")]
ERROR_LINE = re.compile(r'level=error|"level":"error"')


# HTTP counts these as the server's, but the client asks for what there isn't: a transfer coding, a version.
ASKED_TOO_MUCH = {501, 505}


def status(answer):
    """Whatever is asked, the server isn't at a loss: 503 is allowed, with the time to come again."""
    if answer.status == 503 and "retry-after" not in answer.headers:
        return "503 without Retry-After"
    if answer.status >= 500 and answer.status not in ASKED_TOO_MUCH | {503}:
        return f"status {answer.status}: {answer.body[:200].decode('utf-8', 'replace')}"
    return None


def said(frame):
    """The same for a frame of STOMP, an ERROR or a MESSAGE of the errors queue."""
    if frame.headers.get("code") == "internal-error":
        return f"ERROR internal-error: {frame.headers.get('message')}"
    if frame.command == "MESSAGE" and b'"code":"internal-error"' in frame.body:
        return f"refused with internal-error: {frame.body[:200].decode('utf-8', 'replace')}"
    return None


def closed(code, was_asked_for):
    """A close that answers a close has its code."""
    return "a WebSocket was closed with 1011, trouble in the server" if code == 1011 and not was_asked_for else None


def exits(text):
    """Of the file `exits`, `TIME NAME PID STATUS` per line: who ended by himself."""
    for line in text.splitlines():
        words = line.split()
        if len(words) < 4 or not words[-1].lstrip("-").isdigit():
            yield f"log/exits has a line that isn't one: {line!r}"
        elif int(words[-1]) not in ASKED_FOR:
            code = int(words[-1])
            why = f"by signal {code - 128}" if code > 128 else f"with status {code}"
            yield f"{words[-3]} (pid {words[-2]}) ended {why}"


def defects(lines):
    """The lines of a log that tell of a defect."""
    return [line.rstrip() for line in lines if any(pattern.search(line) for pattern in DEFECTS)]


def error_lines(lines):
    """Lines of the level error that are no defect by themselves: somebody should look at them."""
    return [line.rstrip() for line in lines if ERROR_LINE.search(line) and not defects([line])]


def growth(name, before, peak):
    if peak - before > GROWTH:
        return f"{name} grew from {before / MIB:.0f} to {peak / MIB:.0f} MiB, by more than {GROWTH / MIB:.0f}"
    return None


def left_over(name, before, after):
    """`before` and `after` are (resident bytes, descriptors)."""
    found = []
    if after[0] - before[0] > LEFT_OVER:
        found.append(f"{name} keeps {after[0] / MIB:.0f} MiB of memory, before the attacks {before[0] / MIB:.0f}")
    if after[1] - before[1] > DESCRIPTORS_LEFT_OVER:
        found.append(f"{name} keeps {after[1]} descriptors, before the attacks {before[1]}")
    return found


def counted(sessions, connections, wanted):
    """The sums of parley_sessions and parley_connections, when nobody but the neighbours is there."""
    found = []
    if sessions != wanted:
        found.append(f"parley_sessions counts {sessions:.0f}, there are {wanted}")
    if not wanted <= connections <= wanted + CONNECTIONS_LEFT_OVER:
        found.append(f"parley_connections counts {connections:.0f}, there are {wanted}")
    return found


def kept(acknowledged, history):
    """Every message that was acknowledged is in the history, under its id, once; both are pairs of name and id."""
    found = []
    has = {}
    for name, id in history:
        if name in has:
            found.append(f"{name} is in the history twice, as {has[name]} and {id}")
        has[name] = id
    for name, id in acknowledged:
        if has.get(name) != id:
            found.append(f"{name} was acknowledged as {id}, the history has {has.get(name)}")
    return found
