internal import Shared

/// Lets tasks of one loop do something one after the other, or so many at once, in the order in which they asked.
///
/// Confined to its loop. Every turn that was taken has to be ended.
final class Turns {
    private var free: Int
    private var waiting = Queue<() -> Void>()

    init(atOnce: Int = 1) { free = atOnce }

    /// Returns when it is the caller's turn.
    func takeTurn() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { continuation in waiting.append { continuation.resume() } }
    }

    /// Ends the turn: whoever has waited longest is next.
    func endTurn() {
        guard let next = waiting.popFirst() else {
            free += 1
            return
        }
        next()
    }
}
