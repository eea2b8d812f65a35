internal import Shared

/// The value of an `ack` header: opaque to clients, one of a kind on its connection.
struct AckIdentifier: Sendable, Equatable {
    /// The number that the subscription's window was made with.
    var subscription: Int64
    var sequence: Int64

    var text: String { "\(subscription)-\(sequence)" }

    init(subscription: Int64, sequence: Int64) {
        self.subscription = subscription
        self.sequence = sequence
    }

    /// Reads what a client sent back; nil where it isn't one of ours.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 2, let subscription = Decimal.parse(parts[0]), let sequence = Decimal.parse(parts[1])
        else { return nil }
        self.init(subscription: subscription, sequence: sequence)
    }
}

/// The deliveries of one subscription that wait for ACK or NACK, oldest first; bounded.
struct AckWindow<Item> {
    /// The number that no other subscription of the connection has or had.
    let subscription: Int64
    private let isCumulative: Bool
    private let capacity: Int
    private var waiting: [(sequence: Int64, item: Item)] = []
    private var nextSequence: Int64 = 0

    /// `subscription` is a number that no other subscription of the connection has or had.
    init(subscription: Int64, mode: StompAckMode, capacity: Int) {
        self.subscription = subscription
        isCumulative = mode == .client
        self.capacity = capacity
    }

    var count: Int { waiting.count }
    var isEmpty: Bool { waiting.isEmpty }
    /// Whether nothing may be delivered before something is acknowledged.
    var isFull: Bool { waiting.count >= capacity }

    /// What waits, oldest first.
    var items: some Sequence<Item> { waiting.lazy.map(\.item) }

    /// The oldest that waits among those that fit.
    func first(where fits: (Item) -> Bool) -> Item? { waiting.lazy.map(\.item).first(where: fits) }

    /// Notes a delivery; returns the value of its `ack` header, or nil when the window is full.
    mutating func deliver(_ item: Item) -> AckIdentifier? {
        guard !isFull else { return nil }
        let sequence = nextSequence
        nextSequence += 1
        waiting.append((sequence, item))
        return AckIdentifier(subscription: subscription, sequence: sequence)
    }

    /// Takes what an ACK or NACK settles: in `client` mode all up to it; empty where it names nothing that waits.
    mutating func settle(_ identifier: AckIdentifier) -> [Item] {
        guard identifier.subscription == subscription else { return [] }
        var low = 0
        var high = waiting.count
        while low < high {
            let middle = (low + high) / 2
            if waiting[middle].sequence < identifier.sequence { low = middle + 1 } else { high = middle }
        }
        guard low < waiting.count, waiting[low].sequence == identifier.sequence else { return [] }
        return settle(through: low)
    }

    /// The same for STOMP 1.0 and 1.1, which name a message: the oldest delivery that fits.
    mutating func settle(where fits: (Item) -> Bool) -> [Item] {
        guard let position = waiting.firstIndex(where: { fits($0.item) }) else { return [] }
        return settle(through: position)
    }

    private mutating func settle(through position: Int) -> [Item] {
        let range = isCumulative ? 0..<position + 1 : position..<position + 1
        let items = waiting[range].map(\.item)
        waiting.removeSubrange(range)
        return items
    }
}
