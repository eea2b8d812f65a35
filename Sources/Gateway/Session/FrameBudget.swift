/// How many frames a session may handle before it has to ask its user's bucket again: it asks for a portion at a time and
/// ahead of need, so that a frame costs no look-up and waits for nobody.
struct FrameBudget {
    /// Frames that are asked for at a time; the first are free.
    static let portion = 64

    private var left = FrameBudget.portion
    private var isAsking = false

    /// Whether no frame may be handled until the bucket has answered.
    var isSpent: Bool { left <= 0 }

    /// A frame is handled; true where more has to be asked for.
    mutating func spend() -> Bool {
        left -= 1
        guard left <= Self.portion / 2, !isAsking else { return false }
        isAsking = true
        return true
    }

    /// The bucket has given a portion.
    mutating func refill() {
        left += Self.portion
        isAsking = false
    }
}
