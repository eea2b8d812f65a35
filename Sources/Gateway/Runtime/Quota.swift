internal import Synchronization

/// So much of something as the node has at a time; any thread may take of it.
struct Quota: ~Copyable, Sendable {
    private let limit: Int
    private let taken = Atomic<Int>(0)

    init(_ limit: Int) { self.limit = limit }

    /// Takes so much; false where what others have taken leaves too little.
    func take(_ count: Int = 1) -> Bool {
        if taken.wrappingAdd(count, ordering: .relaxed).newValue <= limit { return true }
        giveBack(count)
        return false
    }

    /// Gives back what was taken.
    func giveBack(_ count: Int = 1) {
        taken.wrappingSubtract(count, ordering: .relaxed)
    }
}
