internal import CCurl

/// Requests to other servers by libcurl, on our own loop: libcurl says which descriptors it watches and when it wants
/// to be called, the loop does the rest (libcurl-multi(3), curl_multi_socket_action(3)).
///
/// Confined to its loop. Nothing here blocks: Debian's libcurl finds addresses on a thread of its own per request.
/// Connections stay open for the next request.
package final class HTTPClient {
    /// Connections that are kept though nobody needs them.
    private static let keptConnections = 8

    private let loop: EventLoop
    private let multi: UnsafeMutableRawPointer
    private var watches: [Int32: Watch] = [:]
    private var timer: TimerID?
    /// What is under way, by libcurl's handle.
    private var exchanges: [UnsafeMutableRawPointer: HTTPExchange] = [:]

    /// A client is ready at once; nil where libcurl can't be used.
    package init?(on loop: EventLoop) {
        guard LibCurl.isReady, let multi = curl_multi_init() else { return nil }
        self.loop = loop
        self.multi = multi
        let context = Unmanaged.passUnretained(self).toOpaque()
        parley_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.keptConnections)
        parley_curl_multi_set_socket_callback(
            multi,
            { _, descriptor, what, context, _ in
                HTTPClient.of(context)?.watch(descriptor, what)
                return 0
            }, context)
        parley_curl_multi_set_timer_callback(
            multi,
            { _, milliseconds, context in
                HTTPClient.of(context)?.callBack(after: milliseconds)
                return 0
            }, context)
    }

    deinit {
        if let timer { loop.cancel(timer) }
        // What is under way keeps the client: there is nothing left but idle connections, and nobody to tell of them.
        for watch in watches.values { watch.end() }
        parley_curl_multi_set_socket_callback(multi, nil, nil)
        parley_curl_multi_set_timer_callback(multi, nil, nil)
        curl_multi_cleanup(multi)
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> HTTPClient? {
        context.map { Unmanaged<HTTPClient>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Sends a request and waits for the head of its response, whatever its status.
    package func send(_ call: HTTPCall) async throws(HTTPCallError) -> HTTPReply {
        guard let exchange = HTTPExchange(call, client: self, on: loop) else {
            throw HTTPCallError(description: "libcurl takes no more requests")
        }
        exchanges[exchange.handle] = exchange
        curl_multi_add_handle(multi, exchange.handle)
        return HTTPReply(try await exchange.head(), exchange)
    }

    /// Takes an exchange off the connection that it has; nothing more is heard of it.
    func end(_ exchange: HTTPExchange) {
        guard exchanges.removeValue(forKey: exchange.handle) != nil else { return }
        curl_multi_remove_handle(multi, exchange.handle)
    }

    // MARK: What libcurl asks for

    private func watch(_ descriptor: Int32, _ what: Int32) {
        guard what != CURL_POLL_REMOVE else {
            watches.removeValue(forKey: descriptor)?.end()
            return
        }
        var interest: ReadyEvents = []
        if what & CURL_POLL_IN != 0 { interest.insert(.readable) }
        if what & CURL_POLL_OUT != 0 { interest.insert(.writable) }
        if let watch = watches[descriptor] { return watch.change(interest) }
        // Where the kernel takes no more, the request meets its deadline.
        watches[descriptor] = Watch(descriptor, interest, self, on: loop)
    }

    private func callBack(after milliseconds: Int) {
        if let timer { loop.cancel(timer) }
        // libcurl must not be called from within its own callback, not even for 0.
        timer =
            milliseconds < 0
            ? nil : loop.schedule(after: Int64(milliseconds)) { [weak self] in self?.act(CURL_SOCKET_TIMEOUT, 0) }
    }

    fileprivate func ready(_ descriptor: Int32, _ events: ReadyEvents) {
        var mask: Int32 = 0
        // The end of a stream is found by reading what is before it.
        if !events.isDisjoint(with: [.readable, .hangup]) { mask |= CURL_CSELECT_IN }
        if events.contains(.writable) { mask |= CURL_CSELECT_OUT }
        if events.contains(.error) { mask |= CURL_CSELECT_ERR }
        act(descriptor, mask)
    }

    private func act(_ descriptor: Int32, _ mask: Int32) {
        var running: Int32 = 0
        curl_multi_socket_action(multi, descriptor, mask, &running)
        var result = CURLE_OK
        while let handle = parley_curl_multi_next_done(multi, &result) {
            guard let exchange = exchanges[handle] else { continue }
            end(exchange)
            exchange.finish(result)
        }
    }
}

/// One of libcurl's descriptors, which libcurl opens and closes.
private final class Watch: EventHandler {
    private let descriptor: Int32
    private let loop: EventLoop
    private weak var client: HTTPClient?
    private var registration: Registration?

    init?(_ descriptor: Int32, _ interest: ReadyEvents, _ client: HTTPClient, on loop: EventLoop) {
        self.descriptor = descriptor
        self.client = client
        self.loop = loop
        do throws(SystemError) {
            registration = try loop.register(descriptor, interest, self)
        } catch {
            return nil
        }
    }

    func change(_ interest: ReadyEvents) {
        if let registration { loop.update(registration, interest) }
    }

    func end() {
        if let registration { loop.deregister(registration) }
        registration = nil
    }

    func ready(_ events: ReadyEvents) { client?.ready(descriptor, events) }
}
