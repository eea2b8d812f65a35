"""What users have missed, written where the persister and the accept script would have: PostgreSQL and the inbox sets."""

import binascii
import os
import subprocess
import time
import uuid

EPOCH = 1_735_689_600_000
PARTITIONS = 64
HOUR = 3_600_000


def now():
    """The id of this moment."""
    return (int(time.time() * 1000) - EPOCH) * 4096


def tags(count=PARTITIONS):
    """The hash tag of each partition: the smallest decimal in its range of cluster slots."""
    found = {}
    candidate = 0
    while len(found) < count:
        slot = binascii.crc_hqx(str(candidate).encode(), 0) % 16384
        found.setdefault(slot * count // 16384, str(candidate))
        candidate += 1
    return found


def partition(conversation, count=PARTITIONS):
    return binascii.crc32(uuid.UUID(conversation).bytes) % count


class Pair:
    """A DIRECT conversation of two users."""

    def __init__(self):
        self.conversation = str(uuid.uuid4())
        self.users = sorted(str(uuid.uuid4()) for _ in range(2))


def psql(*arguments, data=None):
    command = ["psql", os.environ["PARLEY_DATABASE_URL"], "-v", "ON_ERROR_STOP=1", "-q", *arguments]
    subprocess.run(command, input=data, text=True, check=True, stdout=subprocess.DEVNULL)


def redis(*arguments):
    command = ["redis-cli", "-u", os.environ["PARLEY_REDIS_URL"], *arguments]
    return subprocess.run(command, text=True, check=True, capture_output=True).stdout.strip()


def present_epoch(patience=10):
    """The epoch of the indexes of inboxes, which begins once all processes are known to keep them; 0 where none does."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        epoch = redis("GET", "inbox:epoch")
        if epoch:
            return epoch
        time.sleep(0.1)
    return 0


def copy(table, columns, rows):
    lines = "".join("\t".join(map(str, row)) + "\n" for row in rows)
    psql("-c", f"\\copy {table} ({columns}) from stdin", data=lines)


def write(pairs, missed, size=100):
    """Each of the two has written `missed` messages of `size` characters in turn, an hour ago, that the other hasn't got."""
    copy("conversations", "id, type, created_by, direct_low, direct_high",
         ([pair.conversation, "DIRECT", pair.users[0], *pair.users] for pair in pairs))
    copy("participants", "conversation_id, user_id, role",
         ([pair.conversation, user, "MEMBER"] for pair in pairs for user in pair.users))
    first = now() - HOUR * 4096
    ids = ", ".join(f"'{pair.conversation}'" for pair in pairs)
    if missed:
        psql("-c", f"""
        insert into messages (conversation_id, id, last_event_id, previous_event_id, sender_id, sender_type, message_type,
            content, client_message_id, created_at)
        select c.id, {first} + n * 4096, {first} + n * 4096, case when n = 1 then 0 else {first} + (n - 1) * 4096 end,
            case when n % 2 = 0 then c.direct_low else c.direct_high end, 'USER', 'TEXT', repeat('x', {size}),
            'missed-' || n, to_timestamp({EPOCH // 1000} + ({first} / 4096 + n) / 1000.0)
        from conversations c, generate_series(1, {2 * missed}) n where c.id in ({ids})""")
    psql("-c", "analyze messages", "-c", "analyze participants", "-c", "analyze conversations")
    names = tags()
    epoch = present_epoch()
    last = first + 2 * missed * 4096
    lines = []
    for pair in pairs:
        tag = names[partition(pair.conversation)]
        for user in pair.users:
            if missed:
                lines.append(f"ZADD {{{tag}}}:inbox:{user} {last} {pair.conversation}\n")
            # They were there before.
            lines.append(f"SADD u:{user}:parts {partition(pair.conversation)} {epoch}\n")
    command = ["redis-cli", "-u", os.environ["PARLEY_REDIS_URL"], "--pipe"]
    subprocess.run(command, input="".join(lines), text=True, check=True, stdout=subprocess.DEVNULL)
