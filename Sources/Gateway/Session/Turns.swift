internal import Shared

/// Lets tasks of one loop do something one after the other, in the order in which they asked.
///
/// Confined to its loop. Every turn that was taken has to be ended.
final class Turns {
    private var isTaken = false
    private var waiting = Queue<() -> Void>()

    /// Returns when it is the caller's turn.
    func takeTurn() async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { continuation in waiting.append { continuation.resume() } }
    }

    /// Ends the turn: whoever has waited longest is next.
    func endTurn() {
        guard let next = waiting.popFirst() else {
            isTaken = false
            return
        }
        next()
    }
}
