import Testing

@testable import Shared

@Suite struct PartitionTests {
    @Test(arguments: [1, 2, 64, 1_024]) func tagsSpreadOverTheSlots(count: Int) {
        let partitions = Partitioning(count: count).partitions
        let width = 16_384 / count
        #expect(Set(partitions.map(\.tag)).count == count)
        for partition in partitions { #expect(RedisSlot.of(Array(partition.tag.utf8)) / width == partition.number) }
    }

    /// The partition of a conversation may never change: this is CRC32 of its bytes, as zlib computes it.
    @Test func partitionsOfKnownConversations() throws {
        let partitioning = Partitioning(count: 64)
        let zero = try #require(UUID("00000000-0000-0000-0000-000000000000"))
        let other = try #require(UUID("00112233-4455-6677-8899-aabbccddeeff"))
        #expect(CRC32.checksum(zero.bytes) == 0xECBB_4B55 && partitioning.partition(of: zero).number == 0x15)
        #expect(CRC32.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(partitioning.partition(of: other).number == Int(CRC32.checksum(other.bytes) % 64))
    }
}

@Suite struct EventHeadTests {
    private let conversation = "00112233-4455-6677-8899-aabbccddeeff"
    private let users = "00000000-0000-4000-8000-00000000000a,00000000-0000-4000-8000-00000000000b"

    @Test func readsWhatTheScriptWrites() throws {
        let head = try #require(EventHead(Array("1 m 42 7 3 \(conversation) \(users)\n{}".utf8)))
        #expect(head.kind == .message && head.eventID == 42 && head.previousEventID == 7 && head.version == 3)
        #expect(head.conversation.description == conversation && head.recipients.count == 2)
        #expect(EventHead(Array("1 e 42 7 3 \(conversation) -\n{}".utf8))?.recipients == [])
    }

    @Test func refusesEverythingElse() {
        for text in [
            "", "\n", "2 m 42 7 3 \(conversation) -\n", "1 x 42 7 3 \(conversation) -\n",
            "1 m 42 7 3 \(conversation)\n",
            "1 m a 7 3 \(conversation) -\n", "1 m 42 7 3 nobody -\n", "1 m 42 7 3 \(conversation) me,you\n",
            "1 m 42 7 3 \(conversation) -", "1 m 42 7 3 \(conversation) - x\n",
        ] {
            #expect(EventHead(Array(text.utf8)) == nil, "\(text)")
        }
    }
}

@Suite struct DedupeDigestTests {
    @Test func senderAndIdDecide() throws {
        let one = try #require(UUID("00000000-0000-4000-8000-00000000000a"))
        let other = try #require(UUID("00000000-0000-4000-8000-00000000000b"))
        let digest = DedupeDigest.digest(sender: one, clientMessageID: "x")
        #expect(digest.count == 16 && digest == DedupeDigest.digest(sender: one, clientMessageID: "x"))
        #expect(digest != DedupeDigest.digest(sender: other, clientMessageID: "x"))
        #expect(digest != DedupeDigest.digest(sender: one, clientMessageID: "y"))
    }
    /// Digests stand in Redis while old and new nodes run side by side: this is what `sha256sum` says of the bytes.
    @Test func digestOfAKnownMessage() throws {
        let sender = try #require(UUID("00000000-0000-4000-8000-00000000000a"))
        let digest = DedupeDigest.digest(sender: sender, clientMessageID: "ä1")
        #expect(Hex.encode(digest) == "a5471ce63859b4772c18d29ab35a161b")
    }
}
