/// When to look at which connection again, in seconds: one list per second instead of a timer per connection.
///
/// Confined to its worker's loop.
final class LivenessWheel {
    /// The wheel turns once in so many seconds; a later look is taken in steps of this.
    private static let seconds = 256

    private var slots: [[ObjectIdentifier: Connection]] = Array(repeating: [:], count: LivenessWheel.seconds)
    private var lastSecond: Int64

    init(now: Int64) {
        lastSecond = now / 1_000
    }

    /// Looks at a connection at `time` (monotonic ms), or a little later.
    func add(_ connection: Connection, at time: Int64) {
        let second = min(max(time / 1_000 + 1, lastSecond + 1), lastSecond + Int64(Self.seconds) - 1)
        connection.wheelSlot = Int(second % Int64(Self.seconds))
        slots[connection.wheelSlot][ObjectIdentifier(connection)] = connection
    }

    func remove(_ connection: Connection) {
        slots[connection.wheelSlot][ObjectIdentifier(connection)] = nil
    }

    func move(_ connection: Connection, to time: Int64) {
        remove(connection)
        add(connection, at: time)
    }

    /// Looks at all connections whose second has come.
    func turn(to now: Int64) {
        while lastSecond < now / 1_000 {
            lastSecond += 1
            let slot = Int(lastSecond % Int64(Self.seconds))
            let due = slots[slot]
            slots[slot] = [:]
            for connection in due.values {
                if let next = connection.checkLiveness(now) {
                    remove(connection)
                    add(connection, at: next)
                }
            }
        }
    }
}
