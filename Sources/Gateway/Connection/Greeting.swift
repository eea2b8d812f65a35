internal import Glibc
internal import Shared

/// What comes on a connection before HTTP: a trusted balancer's PROXY header, and the TLS handshake.
struct Greeting {
    /// What a step came to.
    enum Step {
        case needMore(wantsWrite: Bool)
        case failed(String)
        /// It is over; the balancer's word for who the client is, where it gave one.
        case done(SocketAddress?)
    }

    /// Whether the balancer's PROXY header may still come.
    private var awaitsProxyHeader: Bool
    private var source: SocketAddress?
    /// So many bytes of an unfinished header were seen.
    private var seen = 0

    /// Nil where nothing comes before HTTP.
    init?(isFromProxy: Bool, isSecure: Bool) {
        guard isFromProxy || isSecure else { return nil }
        awaitsProxyHeader = isFromProxy
    }

    mutating func advance(_ descriptor: Int32, _ tls: TLSStream?, _ scratch: inout [UInt8]) -> Step {
        if awaitsProxyHeader, let step = takeProxyHeader(descriptor, &scratch) { return step }
        awaitsProxyHeader = false
        guard let tls else { return .done(source) }
        return switch tls.handshake() {
        case .done: .done(source)
        case .wouldBlock(let wantsWrite): .needMore(wantsWrite: wantsWrite)
        case .failed(let reason): .failed(reason)
        }
    }

    /// Takes the header and not a byte more, since what follows may be TLS's. Nil once that is done.
    private mutating func takeProxyHeader(_ descriptor: Int32, _ scratch: inout [UInt8]) -> Step? {
        let peeked = SystemCall.peek(descriptor, into: &scratch)
        guard case .count(let count) = peeked, count > 0 else {
            return peeked == .wouldBlock ? .needMore(wantsWrite: false) : .failed("ended before its first byte")
        }
        switch ProxyProtocol.parse(scratch[..<count]) {
        case .needMore:
            // Readable without a byte more: the rest doesn't come.
            guard count > seen else { return .failed("ended in its PROXY header") }
            seen = count
            // The socket isn't readable again before there is more than was seen.
            Socket.setReceiveThreshold(descriptor, count + 1)
            return .needMore(wantsWrite: false)
        case .malformed: return .failed("malformed PROXY header")
        case .notProxy: break
        case .header(let consumed, let source):
            self.source = source
            guard SystemCall.discard(descriptor, consumed, &scratch) else { return .failed("connection lost") }
        }
        Socket.setReceiveThreshold(descriptor, 1)
        return nil
    }
}
