internal import Shared

/// A partition that this persister owns for now.
struct Lease {
    let partition: Partition
    /// Proves the ownership to Redis; another one for each time.
    let token: String
    /// Up to where the partition's stream is committed.
    var cursor: StreamID
    /// Up to where entries were committed before and are replayed.
    var replayEnd = StreamID.zero
    /// Whether a persister of the first release has moved the cursor last, which tells PostgreSQL no position.
    var followsOlder = false
    /// Until when the ownership is sure, in monotonic milliseconds.
    var validUntil: Int64
}
