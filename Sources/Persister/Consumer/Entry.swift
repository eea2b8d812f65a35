internal import Shared

/// One entry of a partition's stream.
struct Entry {
    let partition: Partition
    let id: StreamID
    let bytes: [UInt8]
}
