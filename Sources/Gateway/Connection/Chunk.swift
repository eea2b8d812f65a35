internal import Glibc

/// Immutable bytes that many output queues share: a fan-out encodes once and queues references.
///
/// Confined to the loop that made it.
final class Chunk {
    let base: UnsafeMutableRawPointer
    let count: Int
    /// In how many queues it waits.
    var queueCount = 0

    /// Copies the bytes once, out of a buffer that is reused.
    init(_ bytes: [UInt8]) {
        count = bytes.count
        base = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 1)
        bytes.withUnsafeBytes { source in
            if let start = source.baseAddress { base.copyMemory(from: start, byteCount: source.count) }
        }
    }

    deinit {
        base.deallocate()
    }
}
