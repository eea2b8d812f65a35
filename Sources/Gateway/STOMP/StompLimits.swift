/// What one STOMP connection may ask for. Sizes are in bytes.
struct StompLimits: Sendable, Equatable {
    /// Header lines per frame; real clients send fewer than ten.
    var headerCount = 64
    /// Command and headers together, with the empty line that ends them.
    var headerBytes = 8_192
    /// A whole frame, its NUL included, however many WebSocket messages carry it.
    var frame = 64 * 1_024
    /// What is kept of a frame or sent back: a destination, and the ids of subscriptions, receipts and transactions.
    var identifierBytes = 256
    /// Subscriptions that a connection may hold at a time.
    var maximumSubscriptions = 500
    /// Transactions that may be open at a time.
    var maximumTransactions = 8
    /// Frames that all open transactions may hold together.
    var transactionFrames = 256
    /// Bytes that all open transactions may hold together.
    var transactionBytes = 256 * 1_024
}
