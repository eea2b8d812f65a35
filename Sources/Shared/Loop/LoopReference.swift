/// A reference to something that is confined to a loop; any thread may hold it, and post work that uses it.
///
/// Unchecked because the value is handed out on its loop's thread only.
public struct LoopReference<Value: AnyObject>: @unchecked Sendable {
    /// The loop that the value is confined to.
    public let loop: EventLoop
    private let value: Value

    /// Makes a reference to a value that lives as long as its loop.
    public init(_ value: Value, on loop: EventLoop) {
        self.value = value
        self.loop = loop
    }

    /// Runs `body` with the value on its loop, in the order of the posts.
    public func post(_ body: @escaping @Sendable (Value) -> Void) {
        let reference = self
        loop.post { body(reference.value) }
    }

    /// Runs `body` at once where the caller is on the loop's thread already, else posts it.
    public func run(_ body: @escaping @Sendable (Value) -> Void) {
        if loop.isCurrent { body(value) } else { post(body) }
    }
}
