internal import Glibc

/// A thread that runs one event loop.
public final class LoopThread: Sendable {
    /// The loop that the thread runs.
    public let loop: EventLoop
    private let thread: pthread_t

    /// Starts a thread, runs `setUp` on it as the loop's first work, then turns until the loop is stopped.
    public init(_ loop: EventLoop, setUp: @escaping @Sendable () -> Void) {
        self.loop = loop
        let start = Unmanaged.passRetained(Start(loop: loop, setUp: setUp))
        var identifier = pthread_t()
        let result = pthread_create(
            &identifier, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                start.loop.post(start.setUp)
                start.loop.run()
                return nil
            }, start.toOpaque())
        precondition(result == 0, "pthread_create failed")
        thread = identifier
    }

    /// Waits until the loop has stopped.
    public func join() {
        pthread_join(thread, nil)
    }

    private final class Start: Sendable {
        let loop: EventLoop
        let setUp: @Sendable () -> Void

        init(loop: EventLoop, setUp: @escaping @Sendable () -> Void) {
            self.loop = loop
            self.setUp = setUp
        }
    }
}
