import Testing

@testable import Gateway

/// A client that has sent all it has to say, a server that reads it message by message, and what both see.
///
/// Each frame's destination or id says how long it takes: `now` is answered before its handling returns, `soon` at some later
/// event, and whatever isn't pipelined is carried out alone.
private final class Run {
    private var order = SessionOrder<Int>(
        stomp: StompSession(offer: StompHeartBeatOffer(send: 0, expect: 0)), decoder: StompDecoder())
    private var messages: ArraySlice<[UInt8]>
    private var open: [(place: SessionOrder<Int>.Place, number: Int)] = []
    private var work: Int?
    private var isReading = true
    private var isTakingSteps = false
    private(set) var started: [Int] = []
    private(set) var told: [Int] = []
    private(set) var mistakes: [String] = []

    init(_ messages: [[UInt8]]) {
        self.messages = messages[...]
    }

    func begin() { read() }

    /// Something that isn't done yet is done; false where nothing is under way.
    func advance(_ random: inout SplitMix) -> Bool {
        let choices = open.count + (work == nil ? 0 : 1)
        guard choices > 0 else { return false }
        let choice = Int.random(in: 0..<choices, using: &random)
        if choice < open.count {
            let (place, number) = open.remove(at: choice)
            order.reply(place, number)
        } else if let number = work {
            work = nil
            told.append(number)
            order.endWork()
        }
        goOn()
        return true
    }

    /// What reading leads to: like a connection, it hands over the next message at once.
    private func read() {
        while isReading, let message = messages.popFirst() {
            guard order.enter() else { return mistakes.append("read in the middle of a message") }
            takeSteps(message)
            order.leave()
            settle()
        }
    }

    private func goOn() {
        guard order.enter() else { return }
        takeSteps([])
        order.leave()
        settle()
    }

    private func settle() {
        let wasReading = isReading
        isReading = !order.isPaused
        if isReading, !wasReading { read() }
    }

    private func takeSteps(_ bytes: [UInt8]) {
        // A message of refused SENDs would else be as many calls deep as it has frames.
        if isTakingSteps { mistakes.append("steps are taken in the middle of a step") }
        isTakingSteps = true
        defer { isTakingSteps = false }
        var range = 0..<bytes.count
        while let step = order.next(bytes, &range, isChoked: false) {
            switch step {
            case .tell(let number): told.append(number)
            case .fail(let failure): mistakes.append(failure.code)
            case .start(.send(let destination, let frame, _), let place):
                let number = number(frame)
                if work != nil { mistakes.append("\(number) overtakes what is being carried out") }
                started.append(number)
                if destination.hasSuffix("now") {
                    order.reply(place, number)
                    goOn()
                } else {
                    open.append((place, number))
                }
            case .perform(.send(_, let frame, _)):
                let number = number(frame)
                if !open.isEmpty || work != nil || told.count != number {
                    mistakes.append("\(number) overtakes others")
                }
                started.append(number)
                work = number
                order.beginWork()
            default: break
            }
        }
    }

    private func number(_ frame: StompFrame) -> Int {
        Int(String(decoding: frame.body, as: UTF8.self)) ?? -1
    }
}

@Suite struct SessionOrderTests {
    private static let connect = "CONNECT\naccept-version:1.2\nhost:x\n\n\0"

    private func frame(_ destination: String, _ number: Int) -> String {
        "SEND\ndestination:\(destination)\n\n\(number)\0"
    }

    /// The SEND behind a slow frame is refused at once: what came with it must be handled before anything is read.
    @Test func nothingThatIsReadLaterOvertakesTheRestOfAMessage() {
        let first = Self.connect + frame("/app/chat.edit", 0) + frame("/app/now", 1) + frame("/app/soon", 2)
        var random = SplitMix(seed: 1)
        let run = Run([Array(first.utf8), Array(frame("/app/soon", 3).utf8)])
        run.begin()
        while run.advance(&random) {}
        #expect(run.started == [0, 1, 2, 3])
        #expect(run.told == [0, 1, 2, 3])
        #expect(run.mistakes == [])
    }

    /// Against the plain rule: frames begin in their order, their replies leave in it, and what isn't pipelined is alone. Frames are
    /// cut into messages anywhere.
    @Test(arguments: 0..<300)
    func everyOrderOfEventsKeepsTheOrderOfFrames(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let count = Int.random(in: 1...40, using: &random)
        var bytes = Array(Self.connect.utf8)
        for number in 0..<count {
            let destination = ["/app/now", "/app/soon", "/app/soon", "/app/chat.edit"].randomElement(using: &random)
            bytes += frame(destination ?? "", number).utf8
        }
        var messages: [[UInt8]] = []
        while !bytes.isEmpty {
            let length = min(bytes.count, Int.random(in: 1...200, using: &random))
            messages.append(Array(bytes.prefix(length)))
            bytes.removeFirst(length)
        }
        let run = Run(messages)
        run.begin()
        while run.advance(&random) {}
        #expect(run.started == Array(0..<count))
        #expect(run.told == Array(0..<count))
        #expect(run.mistakes == [])
    }

    @Test func aFullPipelinePauses() {
        var order = SessionOrder<Int>(
            stomp: StompSession(offer: StompHeartBeatOffer(send: 0, expect: 0)), decoder: StompDecoder())
        let bytes = Array((Self.connect + (0..<300).map { frame("/app/soon", $0) }.joined()).utf8)
        var range = 0..<bytes.count
        var places: [SessionOrder<Int>.Place] = []
        while let step = order.next(bytes, &range, isChoked: false) {
            if case .start(_, let place) = step { places.append(place) }
        }
        #expect(places.count == 256)
        #expect(order.isPaused)
    }

    /// A node that stops answers what has begun, and begins nothing more.
    @Test func whatHasBegunIsAnsweredAfterTheStop() {
        var order = SessionOrder<Int>(
            stomp: StompSession(offer: StompHeartBeatOffer(send: 0, expect: 0)), decoder: StompDecoder())
        let text = Self.connect + frame("/app/soon", 0) + frame("/app/chat.edit", 1) + frame("/app/soon", 2)
        let bytes = Array(text.utf8)
        var range = 0..<bytes.count
        var places: [SessionOrder<Int>.Place] = []
        while let step = order.next(bytes, &range, isChoked: false) {
            if case .start(_, let place) = step { places.append(place) }
        }
        order.stop()
        #expect(!order.isIdle)
        order.reply(places[0], 7)
        var nothing = 0..<0
        guard case .tell(7)? = order.next([], &nothing, isChoked: false) else {
            Issue.record("the reply of what had begun is sent")
            return
        }
        #expect(order.next([], &nothing, isChoked: false) == nil)
        #expect(order.isIdle && order.isPaused)
    }
}
