/// A part of all conversations: they share a stream, a persister and a cluster slot.
public struct Partition: Sendable, Hashable {
    /// The number, from 0.
    public let number: Int
    /// The decimal hash tag that all keys of the partition carry in braces.
    public let tag: String
}

/// How conversations spread over partitions; it must never change for a deployment's data.
public struct Partitioning: Sendable {
    /// The partitions by number.
    public let partitions: [Partition]

    /// Lays out so many partitions; a power of two from 1 to 1024, so that each owns a whole range of cluster slots.
    public init(count: Int) {
        precondition(count >= 1 && count <= 1024 && count & (count - 1) == 0, "a power of two from 1 to 1024")
        let width = RedisSlot.count / count
        var tags = [String?](repeating: nil, count: count)
        var missing = count
        var candidate = 0
        while missing > 0 {
            let text = String(candidate)
            let number = RedisSlot.of(Array(text.utf8)) / width
            if tags[number] == nil {
                tags[number] = text
                missing -= 1
            }
            candidate += 1
        }
        partitions = tags.enumerated().map { Partition(number: $0.offset, tag: $0.element ?? "") }
    }

    /// The partition of a conversation: CRC32 of the 16 bytes of its id, modulo the number of partitions.
    public func partition(of conversation: UUID) -> Partition {
        partitions[Int(CRC32.checksum(conversation.bytes)) % partitions.count]
    }
}
