internal import Shared

/// The order in which a session's frames are carried out and their replies are sent: a machine without I/O.
///
/// SENDs are pipelined: many may wait for the accept script at a time, and their replies leave in the order of their frames. Every
/// other frame waits until the SENDs before it are answered, and nothing is decoded while a frame is being carried out that takes
/// its time. A step may lead to further events before it returns, a reply above all: `enter` lets only the outermost caller take
/// steps, so that nothing overtakes what is in the middle of being decoded.
struct SessionOrder<Reply> {
    typealias Place = ReplyQueue<Reply>.Place

    /// What the session does next.
    enum Step {
        case tell(Reply)
        /// Carries out a frame beside others; its reply belongs into this place.
        case start(StompAction, Place)
        /// Carries out a frame; everything before it is answered.
        case perform(StompAction)
        case fail(StompFailure)
    }

    /// So many SENDs of one session may wait for their answers; reading pauses beyond.
    private static var maximumPendingSends: Int { 256 }

    var stomp: StompSession
    private var decoder: StompDecoder
    private var replies = ReplyQueue<Reply>()
    /// Replies that can be sent, in order.
    private var ready = Queue<Reply>()
    /// The frame that waits for the SENDs before it.
    private var heldAction: StompAction?
    /// Bytes of STOMP that came with a frame that is being carried out; those before `heldRange` are decoded.
    private var heldBytes: [UInt8] = []
    private var heldRange = 0..<0
    private var isBusy = false
    private var isEntered = false
    private var isStopped = false

    init(stomp: StompSession, decoder: StompDecoder) {
        self.stomp = stomp
        self.decoder = decoder
    }

    /// Whether nothing may be decoded, and so nothing read, until something else has happened here.
    var isPaused: Bool {
        isStopped || isBusy || heldAction != nil || !ready.isEmpty || replies.count >= Self.maximumPendingSends
    }

    /// Whether no frame waits for an answer.
    var isIdle: Bool { replies.isEmpty && ready.isEmpty && !isBusy }

    // MARK: Taking steps

    /// True where the caller is to take the steps there are; false where somebody further out does so.
    mutating func enter() -> Bool {
        guard !isEntered else { return false }
        isEntered = true
        return true
    }

    /// Ends what `enter` began.
    mutating func leave() {
        isEntered = false
    }

    /// The next step; nil where nothing can be done at present, and `bytes[range]` is decoded or kept. With `isChoked` nothing new is
    /// decoded.
    mutating func next(_ bytes: [UInt8], _ range: inout Range<Int>, isChoked: Bool) -> Step? {
        if let reply = ready.popFirst() { return .tell(reply) }
        if let action = heldAction, isIdle {
            heldAction = nil
            return .perform(action)
        }
        while !isPaused, !isChoked {
            switch heldRange.isEmpty ? decoder.next(bytes, &range) : decoder.next(heldBytes, &heldRange) {
            case .needMore:
                guard heldBytes.isEmpty else {
                    (heldBytes, heldRange) = ([], 0..<0)
                    continue
                }
                return nil
            case .heartBeat: break
            case .failure(let failure): return .fail(failure)
            case .frame(let frame):
                let action = stomp.receive(frame)
                decoder.version = stomp.version
                if let step = place(action) { return step }
            }
        }
        hold(bytes[range])
        range = range.upperBound..<range.upperBound
        return nil
    }

    private mutating func place(_ action: StompAction) -> Step? {
        if case .send(let destination, let frame, _) = action,
            WebSocketController.isPipelined(destination, frame.body)
        {
            return .start(action, replies.reserve())
        }
        if replies.isEmpty { return .perform(action) }
        heldAction = action
        return nil
    }

    private mutating func hold(_ bytes: ArraySlice<UInt8>) {
        guard !bytes.isEmpty, !isStopped else { return }
        heldBytes.removeFirst(heldRange.lowerBound)
        heldBytes += bytes
        heldRange = 0..<heldBytes.count
    }

    // MARK: Events

    /// The reply of a frame that was started.
    mutating func reply(_ place: Place, _ reply: Reply) {
        for next in replies.fill(place, reply) { ready.append(next) }
    }

    /// A frame is being carried out that takes its time.
    mutating func beginWork() {
        isBusy = true
    }

    /// It is carried out.
    mutating func endWork() {
        isBusy = false
    }

    /// Lets nothing more begin; what has begun is answered.
    mutating func stop() {
        isStopped = true
        heldAction = nil
        (heldBytes, heldRange) = ([], 0..<0)
    }
}
