internal import Glibc
internal import Shared

/// Accepts connections for one worker.
final class Listener: EventHandler {
    /// So many connections are accepted in one turn, so that a storm of them doesn't starve the others.
    private static let acceptsPerTurn = 64

    private let descriptor: Int32
    private let loop: EventLoop
    private let accepted: (Socket.Accepted) -> Void
    private var registration: Registration?

    init(
        _ address: SocketAddress, sharing: Socket.Sharing, on loop: EventLoop,
        _ accepted: @escaping (Socket.Accepted) -> Void
    ) throws(SystemError) {
        descriptor = try Socket.listen(on: address, sharing: sharing)
        self.loop = loop
        self.accepted = accepted
        registration = try loop.register(descriptor, .readable, self)
    }

    func ready(_ events: ReadyEvents) {
        for _ in 0..<Self.acceptsPerTurn {
            do {
                guard let connection = try Socket.accept(descriptor) else { return }
                accepted(connection)
            } catch {
                return pause()
            }
        }
    }

    /// Out of descriptors or memory: waits a moment instead of spinning on a listener that stays readable.
    private func pause() {
        guard let registration else { return }
        loop.update(registration, [])
        loop.schedule(after: 100) { [weak self] in
            guard let self, let registration = self.registration else { return }
            loop.update(registration, .readable)
        }
    }

    /// Stops accepting.
    func close() {
        guard let registration else { return }
        loop.deregister(registration)
        self.registration = nil
        SystemCall.close(descriptor)
    }
}
