internal import Shared

/// A partition that this persister owns for now.
struct Lease {
    let partition: Partition
    /// Proves the ownership to Redis; another one for each time.
    let token: String
    /// Up to where the partition's stream is committed.
    var cursor: StreamID
    /// Until when the ownership is sure, in monotonic milliseconds.
    var validUntil: Int64
}
