extension EventLoop {
    /// Runs `body` on this loop once the time in milliseconds has passed; on the loop's thread, or before it runs.
    @discardableResult
    public func schedule(after milliseconds: Int64, _ body: @escaping () -> Void) -> TimerID {
        timers.add(deadline: MonotonicClock.nowMilliseconds() + milliseconds, body)
    }

    /// Takes a timer back; nothing happens when it ran already.
    public func cancel(_ timer: TimerID) {
        timers.remove(timer)
    }

    /// Runs `body` every so many milliseconds for as long as it returns true.
    public func scheduleRepeating(every milliseconds: Int64, _ body: @escaping () -> Bool) {
        schedule(after: milliseconds) { [weak self] in
            if body() { self?.scheduleRepeating(every: milliseconds, body) }
        }
    }
}

/// Names a timer of one loop.
public struct TimerID: Hashable, Sendable {
    let number: UInt64
}

/// Timers as a binary heap by deadline; removed ones are dropped when they come up.
struct TimerQueue {
    private struct Entry {
        let deadline: Int64
        let id: TimerID
    }

    private var heap: [Entry] = []
    private var bodies: [TimerID: () -> Void] = [:]
    private var lastNumber: UInt64 = 0

    /// The earliest deadline in monotonic milliseconds; nil when there is no timer.
    var nextDeadline: Int64? { heap.first?.deadline }

    mutating func add(deadline: Int64, _ body: @escaping () -> Void) -> TimerID {
        lastNumber += 1
        let id = TimerID(number: lastNumber)
        bodies[id] = body
        heap.append(Entry(deadline: deadline, id: id))
        siftUp(heap.count - 1)
        return id
    }

    mutating func remove(_ id: TimerID) {
        bodies[id] = nil
        if heap.count > 64 && heap.count > bodies.count * 2 { dropRemoved() }
    }

    /// Takes out all timers whose deadline has come, earliest first.
    mutating func due(at now: Int64) -> [() -> Void] {
        var ready: [() -> Void] = []
        while let first = heap.first, first.deadline <= now {
            popFirst()
            if let body = bodies.removeValue(forKey: first.id) { ready.append(body) }
        }
        return ready
    }

    private mutating func dropRemoved() {
        let kept = heap.filter { bodies[$0.id] != nil }
        heap.removeAll(keepingCapacity: true)
        for entry in kept {
            heap.append(entry)
            siftUp(heap.count - 1)
        }
    }

    private mutating func popFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isBefore(child, least) {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 && isBefore(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        (heap[left].deadline, heap[left].id.number) < (heap[right].deadline, heap[right].id.number)
    }
}
