internal import CZlib

/// Owns a compressor of zlib for raw DEFLATE (RFC 1951).
final class Deflater {
    /// zlib's own default: more costs memory and gains little on short texts.
    private static let memoryLevel: Int32 = 8
    /// Output is taken in steps of so many bytes.
    private static let step = 16_384

    /// zlib keeps the stream's address, so it may not move.
    private let stream: UnsafeMutablePointer<z_stream>

    /// `windowBits` from 8 to 15. zlib has no raw DEFLATE of 8 bits: there, matches are looked for at a distance of one only,
    /// which every window reaches.
    init(windowBits: Int) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let result = deflateInit2_(
            stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -Int32(max(windowBits, 9)), Self.memoryLevel,
            windowBits == 8 ? Z_RLE : Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(result == Z_OK, "zlib can't make a compressor")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Appends the input compressed and flushed to a byte boundary, without the four bytes that every such flush ends with
    /// (RFC 7692, section 7.2.1).
    func append(_ input: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(input.count)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.step) { scratch in
            repeat {
                stream.pointee.next_out = scratch.baseAddress
                stream.pointee.avail_out = UInt32(Self.step)
                _ = deflate(stream, Z_SYNC_FLUSH)
                let count = Self.step - Int(stream.pointee.avail_out)
                output.append(contentsOf: UnsafeBufferPointer(start: scratch.baseAddress, count: count))
                // A full buffer may hide more of the flush.
            } while stream.pointee.avail_out == 0
        }
        output.removeLast(4)
    }

    /// Forgets everything before.
    func reset() {
        deflateReset(stream)
    }
}
