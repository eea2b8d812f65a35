/// A connection for pub/sub: subscriptions are kept over reconnects, and each confirmation is told.
///
/// Confined to its loop. Delivery is at most once: after `onLost` everything published until the next confirmation of a
/// channel is gone, and the owner repairs it.
public final class RedisSubscriber {
    private let transport: RedisTransport
    private var channels: Set<String> = []

    /// A message came in on a channel.
    public var onMessage: (_ channel: [UInt8], _ payload: [UInt8]) -> Void = { _, _ in }
    /// Redis has confirmed a subscription: what is published from now on comes in.
    public var onSubscribed: (_ channel: String) -> Void = { _ in }
    /// The connection is up, and all subscriptions are on their way again.
    public var onReady: () -> Void = {}
    /// The connection ended.
    public var onLost: (RedisError) -> Void = { _ in }

    /// Makes a subscriber; `start()` opens it. `timeout` in milliseconds bounds connecting.
    public init(_ endpoint: RedisEndpoint, name: String, timeout: Int64, on loop: EventLoop) {
        transport = RedisTransport(endpoint, name: name, timeout: timeout, on: loop)
        transport.onReady = { [weak self] in
            guard let self else { return }
            request("SUBSCRIBE", Array(channels))
            onReady()
        }
        transport.onReply = { [weak self] reply in self?.receive(reply) }
        transport.onLost = { [weak self] reason in self?.onLost(reason) }
    }

    /// Whether the connection is up.
    public var isReady: Bool { transport.isReady }

    /// Opens the connection and keeps it open from then on.
    public func start() { transport.start() }

    /// Closes the connection for good.
    public func stop() { transport.stop() }

    /// Ends the present connection, since it doesn't do its work; the next one follows by itself.
    public func reconnect() { transport.close(.timeout) }

    /// Subscribes to a channel, now and after each reconnect.
    public func subscribe(_ channel: String) {
        guard channels.insert(channel).inserted, isReady else { return }
        request("SUBSCRIBE", [channel])
    }

    /// Ends a subscription.
    public func unsubscribe(_ channel: String) {
        guard channels.remove(channel) != nil, isReady else { return }
        request("UNSUBSCRIBE", [channel])
    }

    private func request(_ name: String, _ channels: [String]) {
        for start in stride(from: 0, to: channels.count, by: 1000) {
            var command = RedisCommand(name)
            for channel in channels[start..<min(start + 1000, channels.count)] { command.add(channel) }
            transport.write(command)
        }
    }

    private func receive(_ reply: RedisReply) {
        guard let elements = reply.elements, elements.count >= 3, let kind = elements[0].bytes else {
            return transport.close(.unexpectedReply("not a pub/sub message"))
        }
        if kind.elementsEqual("message".utf8), let channel = elements[1].bytes, let payload = elements[2].bytes {
            onMessage(channel, payload)
        } else if kind.elementsEqual("subscribe".utf8), let channel = elements[1].text, channels.contains(channel) {
            onSubscribed(channel)
        }
    }
}
