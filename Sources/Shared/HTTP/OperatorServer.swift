internal import Glibc

/// A small HTTP server for health checks and metrics, where a process has no other: one request per connection.
///
/// Confined to its loop.
public final class OperatorServer: EventHandler {
    /// A client that hasn't sent its request after so many milliseconds is cut.
    fileprivate static let deadline: Int64 = 10_000
    /// So many clients at a time.
    private static let maximumClients = 64

    private let descriptor: Int32
    private let loop: EventLoop
    private let answer: (HTTPRequest) -> HTTPResponse
    private var registration: Registration?
    fileprivate var clients: [ObjectIdentifier: OperatorClient] = [:]

    /// Listens on an address, and answers each request on the loop.
    public static func start(
        on address: SocketAddress, _ loop: EventLoop, _ answer: @escaping (HTTPRequest) -> HTTPResponse
    ) throws(SystemError) {
        let server = OperatorServer(try Socket.listen(on: address), loop, answer)
        server.registration = try loop.register(server.descriptor, .readable, server)
    }

    private init(_ descriptor: Int32, _ loop: EventLoop, _ answer: @escaping (HTTPRequest) -> HTTPResponse) {
        self.descriptor = descriptor
        self.loop = loop
        self.answer = answer
    }

    /// Accepts whoever waits.
    public func ready(_ events: ReadyEvents) {
        while true {
            let next: Socket.Accepted?
            do throws(SystemError) {
                next = try Socket.accept(descriptor)
            } catch {
                return pause()
            }
            guard let accepted = next else { return }
            guard clients.count < Self.maximumClients else {
                SystemCall.close(accepted.descriptor)
                continue
            }
            let client = OperatorClient(accepted.descriptor, self, loop, answer)
            guard client.start() else {
                SystemCall.close(accepted.descriptor)
                continue
            }
            clients[ObjectIdentifier(client)] = client
        }
    }
}

extension OperatorServer {
    /// Out of descriptors or memory: waits a moment instead of spinning on a listener that stays readable.
    private func pause() {
        guard let registration else { return }
        loop.update(registration, [])
        loop.schedule(after: 100) { [loop] in loop.update(registration, .readable) }
    }
}

/// One connection of an operator's tool.
private final class OperatorClient: EventHandler {
    private let descriptor: Int32
    private let server: OperatorServer
    private let loop: EventLoop
    private let answer: (HTTPRequest) -> HTTPResponse
    private var registration: Registration?
    private var parser = HTTPRequestParser(limits: HTTPLimits(body: 0))
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var sent = 0

    init(
        _ descriptor: Int32, _ server: OperatorServer, _ loop: EventLoop,
        _ answer: @escaping (HTTPRequest) -> HTTPResponse
    ) {
        self.descriptor = descriptor
        self.server = server
        self.loop = loop
        self.answer = answer
    }

    /// False where the kernel can't watch the socket.
    func start() -> Bool {
        registration = try? loop.register(descriptor, .readable, self)
        guard registration != nil else { return false }
        loop.schedule(after: OperatorServer.deadline) { [weak self] in self?.close() }
        return true
    }

    func ready(_ events: ReadyEvents) {
        if output.isEmpty { receive() } else { flush() }
    }

    private func receive() {
        switch SystemCall.receive(descriptor, into: &loop.scratch) {
        case .count(let count) where count > 0: input += loop.scratch[..<count]
        case .wouldBlock, .wantsWrite: return
        default: return close()
        }
        var available = 0..<input.count
        switch parser.next(input, &available) {
        case .needMore, .expectContinue, .announced, .streamed, .content, .contentEnd:
            input.removeFirst(available.lowerBound)
        case .failure(let failure):
            respond(ErrorCode.badRequest.problem(failure.reason, status: failure.status), false)
        case .request(let request): respond(answer(request), request.method == "HEAD")
        }
    }

    private func respond(_ response: HTTPResponse, _ isHead: Bool) {
        HTTPResponseWriter.append(
            response, to: &output, isHead: isHead, keepsAlive: false, now: WallClock.nowMilliseconds() / 1_000)
        flush()
    }

    private func flush() {
        while sent < output.count {
            switch SystemCall.send(descriptor, output, from: sent) {
            case .count(let count): sent += count
            case .wouldBlock, .wantsWrite:
                if let registration { loop.update(registration, .writable) }
                return
            case .failed: return close()
            }
        }
        close()
    }

    private func close() {
        guard let registration else { return }
        loop.deregister(registration)
        self.registration = nil
        SystemCall.close(descriptor)
        server.clients[ObjectIdentifier(self)] = nil
    }
}
