internal import Shared

/// HTTP/1.1 on one connection, until it ends or becomes a WebSocket.
///
/// Requests are answered one after the other; what a client pipelines waits, and waits in the client's own buffers for as long as
/// it doesn't take the answers. Confined to its worker's loop.
final class HTTPPeer: Peer {
    /// So many bytes of answers may wait for the client; nothing more of it is read while there are more. A single answer may be
    /// larger.
    static let maximumQueued = 64 << 10

    /// Which requests a listener answers.
    enum Service {
        case everything
        /// Everything but health checks and metrics, which have a port of their own.
        case clients
        /// Health checks and metrics.
        case operations
    }

    let connection: Connection
    let worker: Worker
    let service: Service
    private var parser: HTTPRequestParser
    var isAnswering = false
    /// Whether nothing is read until the client has taken what waits for it.
    private var isChoked = false
    /// What comes in piece by piece of the present request.
    var content: ContentStream?
    /// Whoever waits until the client has taken what was sent.
    var drainWaiter: (() -> Void)?
    /// When the request that is being read has to be whole (monotonic ms).
    var deadline: Int64
    /// When the present request began (monotonic ms): a WebSocket that comes of it has its time for CONNECT from then.
    var requestBegan: Int64
    /// Whether some of it has come in; on a new connection the time runs from its beginning.
    private var hasBegun = true
    /// Who sends a request whose content is being read.
    private var identity: Identity?
    /// What was reserved for its content.
    private var reservedBytes = 0
    /// Whether the node is about to stop: what is under way is brought to its end, then the connection.
    var isLeaving = false
    /// When an upload has to be whole, however steadily it comes in.
    var uploadDeadline: Int64 = 0
    /// Whether an upload isn't read at present, since what came of it hasn't been stored yet.
    var isUploadPaused = false

    init(connection: Connection, worker: Worker, service: Service) {
        self.connection = connection
        self.worker = worker
        self.service = service
        parser = HTTPRequestParser(limits: worker.node.config.http, announces: true, streams: FilesResource.isUpload)
        requestBegan = worker.loop.now
        deadline = worker.loop.now + worker.node.config.webSocket.handshakeTimeout
    }

    // MARK: Reading

    func receive(_ buffer: inout [UInt8], _ available: inout Range<Int>) {
        while !isAnswering, connection.isOpen {
            switch parser.next(buffer, &available) {
            case .needMore: return watchPartial()
            case .expectContinue: connection.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
            case .failure(let failure):
                worker.metrics.httpRequestsRefused.increment()
                worker.log.info(
                    "request can't be read",
                    [
                        .address: .string(connection.clientAddress), .status: .number(failure.status),
                        .reason: .string(failure.reason),
                    ])
                let response = ErrorCode.badRequest.problem(failure.reason, status: failure.status)
                return respond(response, isHead: false, keepsAlive: false)
            case .announced(let request, let length, let expectsContinue):
                announce(request, length, expectsContinue: expectsContinue)
            case .request(let request): answer(request)
            case .streamed(let request, let length, let expectsContinue):
                takeUpload(request, length, expectsContinue: expectsContinue)
            case .content(let piece):
                awaitMore()
                content?.append(buffer[piece])
                if content?.isFull == true {
                    isUploadPaused = true
                    connection.pauseReading()
                    // What came with it waits, too; where nothing did, this may have been the end.
                    if !available.isEmpty { return }
                }
            case .contentEnd:
                isAnswering = true
                connection.pauseReading()
                content?.end()
            }
        }
    }

    // MARK: Answering

    /// A client that sends content more slowly than so many bytes in a second isn't waited for.
    private static let lowestRate: Int64 = 8 << 10

    /// A request has begun on a connection that was idle: the rest of its head has to come in time.
    private func watchPartial() {
        guard parser.hasPartial, !hasBegun else { return }
        hasBegun = true
        requestBegan = worker.loop.now
        deadline = min(deadline, requestBegan + worker.node.config.webSocket.handshakeTimeout)
        connection.lookAgain(at: deadline)
    }

    /// A request with content: it is read only where its sender is known, and where there is room for it.
    private func announce(_ request: HTTPRequest, _ length: Int?, expectsContinue: Bool) {
        isAnswering = true
        connection.pauseReading()
        worker.loop.spawn { [self] in
            identity = await worker.router.admit(request, service)
            guard connection.isOpen else { return }
            guard identity != nil else {
                let address = connection.clientAddress
                let answer = await worker.router.respond(to: request, nil, service, from: address)
                return await finish(answer, to: request, keepsAlive: false)
            }
            let size = length ?? worker.node.config.http.body
            guard content == nil, worker.node.contentMemory.take(size) else {
                worker.metrics.httpRequestsRefused.increment()
                return await finish(Answer(CommandError.unavailable().response), to: request, keepsAlive: false)
            }
            reservedBytes = size
            // However steadily it comes in, it isn't waited for longer than a slow link would take.
            let patience = Int64(size) * 1_000 / Self.lowestRate
            deadline = worker.loop.now + worker.node.config.webSocket.handshakeTimeout + patience
            connection.lookAgain(at: deadline)
            isAnswering = false
            if expectsContinue { connection.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
            connection.resumeReading()
        }
    }

    /// Gives back what was reserved for a request's content.
    private func release() {
        worker.node.contentMemory.giveBack(reservedBytes)
        reservedBytes = 0
    }

    /// Answers a request, or turns the connection into a WebSocket; nothing is read meanwhile.
    private func answer(_ request: HTTPRequest) {
        worker.metrics.httpRequests.increment()
        let identity = identity
        self.identity = nil
        if isForWebSocket(request) {
            return openWebSocket(request)
        }
        isAnswering = true
        connection.pauseReading()
        worker.loop.spawn { [self] in
            let answer = await worker.router.respond(
                to: request, nil, service, from: connection.clientAddress, identity: identity)
            await finish(answer, to: request, keepsAlive: request.keepsAlive)
        }
    }

    /// Ends the connection, once what is under way is answered.
    func leave() {
        isLeaving = true
        if !isAnswering, content == nil { connection.finish() }
    }

    func finish(_ answer: Answer, to request: HTTPRequest, keepsAlive: Bool) async {
        let isHead = request.method == "HEAD"
        // Of a node that is about to stop nobody asks a second time.
        let keepsAlive = keepsAlive && !isLeaving && !worker.node.readiness.missing.contains(.staying)
        if let file = answer.file, !isHead {
            await send(answer, file, keepsAlive: keepsAlive)
        } else {
            respond(answer.response, length: answer.length, isHead: isHead, keepsAlive: keepsAlive)
        }
        isAnswering = false
        release()
        if isLeaving { connection.finish() }
        readOn()
    }

    /// Takes the next request, once the client has taken enough of the answers.
    private func readOn() {
        guard connection.isOpen else { return }
        deadline = worker.loop.now + worker.node.config.webSocket.idleTimeout
        hasBegun = false
        requestBegan = worker.loop.now
        isChoked = connection.queuedBytes > Self.maximumQueued
        if !isChoked { connection.resumeReading() }
    }

    func respond(_ response: HTTPResponse, length: Int64? = nil, isHead: Bool, keepsAlive: Bool) {
        guard connection.isOpen else { return }
        sendHead(response, length: length, isHead: isHead, keepsAlive: keepsAlive)
        if !keepsAlive { connection.finish() }
    }

    func sendHead(_ response: HTTPResponse, length: Int64?, isHead: Bool, keepsAlive: Bool) {
        var output: [UInt8] = []
        HTTPResponseWriter.append(
            response, to: &output, length: length, isHead: isHead, keepsAlive: keepsAlive,
            now: WallClock.nowMilliseconds() / 1_000)
        connection.send(output)
    }

    // MARK: Life

    func transportClosed(_ reason: String) {
        content?.breakOff()
        if !isAnswering { release() }
        outputDrained()
    }

    func outputDrained() {
        let waiter = drainWaiter
        drainWaiter = nil
        waiter?()
        if isChoked { readOn() }
    }

    func checkLiveness(_ now: Int64) -> Int64 {
        // A client that takes nothing is the connection's to judge.
        if isAnswering || isChoked { return now + 1_000 }
        // While an upload isn't read, its client can't send: only the deadline of the whole counts.
        if now >= (isUploadPaused ? uploadDeadline : deadline) {
            // Who takes an upload says that it didn't come in time.
            if let content { content.breakOff() } else { timeOut() }
            return now + 1_000
        }
        return isUploadPaused ? now + 1_000 : deadline
    }

    /// A request that has begun and doesn't go on is told so; a connection that was idle is closed.
    private func timeOut() {
        guard parser.hasPartial else { return connection.finish() }
        respond(
            ErrorCode.requestTimeout.problem("The rest of the request didn't come in time."), isHead: false,
            keepsAlive: false)
    }
}
