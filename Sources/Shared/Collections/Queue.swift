/// A first-in, first-out queue on one array; what was taken is dropped in bulk.
public struct Queue<Element> {
    private var storage: [Element?] = []
    private var head = 0

    /// Makes an empty queue.
    public init() {}

    /// The number of elements that wait.
    public var count: Int { storage.count - head }
    /// Whether nothing waits.
    public var isEmpty: Bool { count == 0 }
    /// The element that has waited longest.
    public var first: Element? { isEmpty ? nil : storage[head] }

    /// Adds an element at the end.
    public mutating func append(_ element: Element) {
        storage.append(element)
    }

    /// Takes the element that has waited longest.
    public mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = storage[head]
        storage[head] = nil
        head += 1
        if head == storage.count {
            storage.removeAll(keepingCapacity: storage.count <= 64)
            head = 0
        } else if head >= 64 && head * 2 >= storage.count {
            storage.removeFirst(head)
            head = 0
        }
        return element
    }

    /// Takes everything, oldest first.
    public mutating func removeAll() -> [Element] {
        let all = storage[head...].compactMap { $0 }
        storage = []
        head = 0
        return all
    }

    /// Gives access to a waiting element by its place, 0 being the oldest.
    public subscript(position: Int) -> Element {
        get {
            guard let element = storage[head + position] else { preconditionFailure("no such element") }
            return element
        }
        set { storage[head + position] = newValue }
    }
}
