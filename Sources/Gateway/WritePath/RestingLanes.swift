/// The lanes that wait because Redis refused their call for a reason that passes by itself: each for longer than the time
/// before, so that a Redis that loads its file for minutes isn't sent every batch again with each round trip.
struct RestingLanes {
    /// Milliseconds of the first pause, and of the longest.
    private static let shortest: Int64 = 100
    private static let longest: Int64 = 1_000

    private var resting: Set<Int> = []
    /// The pause of each lane that was refused since its last success.
    private var pauses: [Int: Int64] = [:]

    func contains(_ lane: Int) -> Bool { resting.contains(lane) }

    /// A lane was refused; after how many milliseconds to wake it.
    mutating func rest(_ lane: Int) -> Int64 {
        let pause = pauses[lane].map { min(2 * $0, Self.longest) } ?? Self.shortest
        pauses[lane] = pause
        resting.insert(lane)
        return pause
    }

    /// A lane may try again.
    mutating func wake(_ lane: Int) {
        resting.remove(lane)
    }

    /// A lane's call was answered.
    mutating func succeeded(_ lane: Int) {
        pauses[lane] = nil
    }

    /// Redis may be another one now.
    mutating func wakeAll() {
        resting = []
        pauses = [:]
    }
}
