internal import Glibc
internal import Shared

/// What waits to be written to one connection: shared chunks, gathered into one `writev` per turn.
struct OutputQueue {
    /// So many chunks go into one `writev` (the kernel takes up to IOV_MAX, 1024).
    private static let gather = 64
    /// Bytes of a full TLS record (RFC 8446, section 5.1).
    private static let record = 16 * 1_024

    /// What waits in this queue and all others of the loop.
    private let unsent: UnsentOutput
    private var chunks = Queue<Chunk>()
    private var sentOfFirst = 0
    /// The bytes that wait.
    private(set) var byteCount = 0

    init(_ unsent: UnsentOutput) {
        self.unsent = unsent
    }

    /// What they take in memory, in bytes.
    var cost: Int { byteCount + chunks.count * UnsentOutput.placeBytes }

    /// What it has of the memory that all queues take: of a chunk that many share, a part.
    var share: Int {
        (0..<chunks.count).reduce(0) { sum, place in
            sum + chunks[place].count / max(1, chunks[place].queueCount) + UnsentOutput.placeBytes
        }
    }

    var isEmpty: Bool { byteCount == 0 }

    mutating func append(_ chunk: Chunk) {
        chunks.append(chunk)
        byteCount += chunk.count
        unsent.wait(chunk)
    }

    /// Lets go of all that waits.
    mutating func clear() {
        while let chunk = chunks.popFirst() { unsent.leave(chunk) }
        byteCount = 0
        sentOfFirst = 0
    }

    /// Writes until all is out or the socket is full; `.count` is the number of bytes that left.
    mutating func write(to descriptor: Int32, through tls: TLSStream?) -> IOResult {
        var total = 0
        while !isEmpty {
            let result = tls.map { encryptOnce($0) } ?? writeOnce(descriptor)
            guard case .count(let count) = result else {
                return total > 0 && result == .wouldBlock ? .count(total) : result
            }
            total += count
            drop(count)
        }
        return .count(total)
    }

    private func writeOnce(_ descriptor: Int32) -> IOResult {
        let count = min(chunks.count, Self.gather)
        if count == 1 {
            let first = chunks[0]
            let start = first.base + sentOfFirst
            return SystemCall.io(descriptor) { send(descriptor, start, first.count - sentOfFirst, Int32(MSG_NOSIGNAL)) }
        }
        return withUnsafeTemporaryAllocation(of: iovec.self, capacity: count) { vectors in
            for position in 0..<count {
                let chunk = chunks[position]
                let skipped = position == 0 ? sentOfFirst : 0
                vectors[position] = iovec(iov_base: chunk.base + skipped, iov_len: chunk.count - skipped)
            }
            return SystemCall.io(descriptor) { writev(descriptor, vectors.baseAddress, Int32(count)) }
        }
    }

    /// Gathers up to one record, so that many small frames cost one encryption. What is offered again after the socket was full
    /// begins with the same bytes: nothing was dropped meanwhile.
    private func encryptOnce(_ tls: TLSStream) -> IOResult {
        let size = min(byteCount, Self.record)
        return withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { record in
            var filled = 0
            var position = 0
            while filled < size {
                let chunk = chunks[position]
                let skipped = position == 0 ? sentOfFirst : 0
                let taken = min(chunk.count - skipped, size - filled)
                (record.baseAddress! + filled).copyMemory(from: chunk.base + skipped, byteCount: taken)
                filled += taken
                position += 1
            }
            return tls.send(UnsafeRawBufferPointer(record))
        }
    }

    private mutating func drop(_ count: Int) {
        byteCount -= count
        var left = count
        while left > 0, let first = chunks.first {
            let rest = first.count - sentOfFirst
            guard left >= rest else {
                sentOfFirst += left
                return
            }
            left -= rest
            sentOfFirst = 0
            _ = chunks.popFirst()
            unsent.leave(first)
        }
    }
}
