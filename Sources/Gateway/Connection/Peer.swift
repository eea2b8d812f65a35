/// What a connection speaks at present: HTTP first, then perhaps WebSocket.
protocol Peer: AnyObject {
    /// Takes what it can use from `buffer[available]` and moves `available.lowerBound` past it. What it leaves comes again
    /// with more bytes, or when reading is resumed.
    func receive(_ buffer: inout [UInt8], _ available: inout Range<Int>)

    /// The connection is gone; nothing more can be sent.
    func transportClosed(_ reason: String)

    /// Judges the connection by the clock (monotonic milliseconds); returns when to look again.
    func checkLiveness(_ now: Int64) -> Int64

    /// The output that waited has left.
    func outputDrained()
}
