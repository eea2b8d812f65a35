"""Puts entries into Redis' streams and caches as the accept script does, much faster than clients could."""

import argparse
import socket
import uuid
import zlib

FIRST = 130_000_000_000_000
FILL = """
local prefix, id, sender, first, count = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local key = prefix .. 'c:' .. id
local previous = tonumber(redis.call('HGET', key, 'last') or 0)
if previous == 0 then redis.call('HSET', key, 'f', '1', 'floor', '0', 'done', '0') end
local size, repeats = 0, tonumber(ARGV[7])
for number = 0, count - 1 do
    local event = string.format('%.0f', first + number)
    local older = first + number - 20
    local is_repeat = (first + number) * 37 % 100 < repeats and older >= tonumber(ARGV[8])
    local client = is_repeat and string.format('%.0f', older) or event
    local entry = table.concat({
        '1 m ', event, ' ', string.format('%.0f', previous), ' 1 ', id, ' -\\n{"id":', event, ',"eventId":', event,
        ',"previousEventId":', string.format('%.0f', previous), ',"createdAt":"2026-01-01T00:00:00.000Z",',
        '"conversationId":"', id, '","senderId":"', sender, '","senderType":"USER","messageType":"TEXT","content":"',
        ARGV[6], '","clientMessageId":"', client, '","file":null,"editedAt":null,"isDeleted":false}'})
    redis.call('XADD', KEYS[1], '*', 'e', entry)
    redis.call('XADD', key .. ':events', event .. '-0', 'e', entry)
    size = size + #entry
    previous = first + number
end
redis.call('HSET', key, 'last', string.format('%.0f', previous))
redis.call('INCRBY', prefix .. 'bytes', size)
return size
"""


def slot(text):
    """CRC16 (XMODEM) of a hash tag, modulo the slots of a cluster."""
    crc = 0
    for byte in text.encode():
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc % 16384


def tags(count):
    """The hash tags of the partitions, as Sources/Shared/Message/Partition.swift chooses them."""
    found, candidate = {}, 0
    while len(found) < count:
        found.setdefault(slot(str(candidate)) * count // 16384, str(candidate))
        candidate += 1
    return found


class Redis:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")

    def send(self, *words):
        data = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(data) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in data))

    def reply(self):
        line = self.file.readline().rstrip()
        if line[:1] == b"$":
            return self.file.read(int(line[1:]) + 2)[:-2]
        if line[:1] == b"-":
            raise SystemExit(line.decode())
        return line[1:]


def main():
    parser = argparse.ArgumentParser()
    for name, default in (("port", 6379), ("partitions", 64), ("conversations", 300), ("events", 600), ("bytes", 300),
                          ("repeats", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    redis = Redis(options.port)
    redis.send("SCRIPT", "LOAD", FILL)
    digest = redis.reply()
    by_partition = tags(options.partitions)
    conversations = [uuid.uuid4() for _ in range(options.conversations)]
    size, waiting, step = 0, 0, min(10, options.events)
    for start in range(0, options.events, step):
        for conversation in conversations:
            prefix = "{%s}:" % by_partition[zlib.crc32(conversation.bytes) % options.partitions]
            redis.send(
                "EVALSHA", digest, 1, prefix + "stream", prefix, conversation, conversation,
                FIRST + start, min(step, options.events - start), "x" * options.bytes, options.repeats, FIRST)
            waiting += 1
            if waiting == 64:
                size += sum(int(redis.reply()) for _ in range(waiting))
                waiting = 0
    size += sum(int(redis.reply()) for _ in range(waiting))
    print(f"{options.conversations * options.events} entries, {size / 2**20:.0f} MiB")


main()
