/// Lets so many in at a time; who comes beyond waits for their turn.
///
/// Confined to its loop.
package final class Gate {
    private var free: Int
    private var waiting = Queue<CheckedContinuation<Void, Never>>()

    /// A gate for `limit` at a time.
    package init(_ limit: Int) {
        free = limit
    }

    /// Waits until there is room; each who got in has to `leave`.
    package func enter() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    /// Makes room for another.
    package func leave() {
        // The place goes over to who has waited longest.
        if let next = waiting.popFirst() { next.resume() } else { free += 1 }
    }
}
