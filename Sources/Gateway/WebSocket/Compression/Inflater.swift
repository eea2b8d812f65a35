internal import CZlib

/// Owns a decompressor of zlib for raw DEFLATE (RFC 1951), with a window that takes every client's.
final class Inflater {
    enum Verdict {
        case done
        /// There would be more than the limit.
        case tooBig
        case malformed
    }

    /// The largest window.
    private static let windowBits: Int32 = 15
    /// So many last blocks a message may have; each costs a copy of the window, and two bytes make one. Senders need none, or one.
    private static let maximumLastBlocks = 64
    /// Output is taken in steps of so many bytes.
    private static let step = 16_384

    /// zlib keeps the stream's address, so it may not move.
    private let stream: UnsafeMutablePointer<z_stream>
    /// The last blocks of the message under way.
    private var lastBlocks = 0

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let result = inflateInit2_(stream, -Self.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(result == Z_OK, "zlib can't make a decompressor")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Appends what the input unfolds to, as long as `output` stays within `limit` bytes.
    func append(_ input: UnsafeRawBufferPointer, to output: inout [UInt8], limit: Int) -> Verdict {
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(input.count)
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.step) { scratch in
            while true {
                // One byte more than is allowed tells "just enough" from "too much".
                let room = min(Self.step, limit - output.count + 1)
                stream.pointee.next_out = scratch.baseAddress
                stream.pointee.avail_out = UInt32(room)
                let result = inflate(stream, Z_SYNC_FLUSH)
                let count = room - Int(stream.pointee.avail_out)
                output.append(contentsOf: UnsafeBufferPointer(start: scratch.baseAddress, count: count))
                guard output.count <= limit else { return .tooBig }
                switch result {
                case Z_STREAM_END:
                    // A last block may be followed by others (RFC 7692, section 7.2.3.4), which may refer to what was before it.
                    lastBlocks += 1
                    guard lastBlocks <= Self.maximumLastBlocks else { return .malformed }
                    rewind(to: history(limit: 1 << Self.windowBits))
                case Z_OK, Z_BUF_ERROR: break
                default: return .malformed
                }
                if stream.pointee.avail_in == 0, stream.pointee.avail_out > 0 { return .done }
            }
        }
    }

    /// The last bytes of what was inflated, `limit` of them at most.
    func history(limit: Int) -> [UInt8] {
        var window = [UInt8](repeating: 0, count: 1 << Self.windowBits)
        var count: UInt32 = 0
        guard inflateGetDictionary(stream, &window, &count) == Z_OK else { return [] }
        return Array(window[..<Int(count)].suffix(limit))
    }

    /// Begins a message, which may refer to these bytes.
    func restart(with history: [UInt8] = []) {
        lastBlocks = 0
        rewind(to: history)
    }

    /// Forgets everything but some bytes that what follows may refer to; input that is left stays.
    private func rewind(to history: [UInt8]) {
        let (next, count) = (stream.pointee.next_in, stream.pointee.avail_in)
        inflateReset(stream)
        if !history.isEmpty { inflateSetDictionary(stream, history, UInt32(history.count)) }
        stream.pointee.next_in = next
        stream.pointee.avail_in = count
    }
}
