import Testing

@testable import Gateway

/// Feeds a decoder and notes what it says.
struct StompFeed {
    var decoder: StompDecoder

    init(_ version: StompVersion = .v12, limits: StompLimits = StompLimits()) {
        decoder = StompDecoder(limits: limits)
        decoder.version = version
    }

    mutating func feed(_ messages: [[UInt8]]) -> [StompDecoder.Step] {
        var steps: [StompDecoder.Step] = []
        for message in messages {
            var available = 0..<message.count
            loop: while true {
                let step = decoder.next(message, &available)
                switch step {
                case .needMore:
                    #expect(available.isEmpty)
                    break loop
                case .failure: return steps + [step]
                case .frame, .heartBeat: steps.append(step)
                }
            }
        }
        return steps
    }

    static func run(
        _ text: String, _ version: StompVersion = .v12, limits: StompLimits = StompLimits()
    ) -> [StompDecoder.Step] {
        var feed = StompFeed(version, limits: limits)
        return feed.feed([Array(text.utf8)])
    }

    static func frames(_ text: String, _ version: StompVersion = .v12) -> [StompFrame] {
        run(text, version).compactMap { step in
            if case .frame(let frame) = step { frame } else { nil }
        }
    }

    static func failure(
        _ text: String, _ version: StompVersion = .v12, limits: StompLimits = StompLimits()
    ) -> StompFailure? {
        if case .failure(let failure) = run(text, version, limits: limits).last { failure } else { nil }
    }
}

@Suite struct StompDecoderTests {
    @Test func aFrameIsCommandHeadersBlankLineBodyNul() {
        let frames = StompFeed.frames("SEND\ndestination:/app/chat.send\ncontent-type:text/plain\n\nhello\0")
        #expect(frames.count == 1)
        #expect(frames.first?.command == .send)
        #expect(frames.first?.header("destination") == "/app/chat.send")
        #expect(frames.first?.header("content-type") == "text/plain")
        #expect(frames.first?.header("receipt") == nil)
        #expect(frames.first.map { String(decoding: $0.body, as: UTF8.self) } == "hello")
    }

    @Test(arguments: StompCommand.allCases.filter { $0 != .unknown })
    func everyClientCommandIsKnown(_ command: StompCommand) {
        #expect(StompFeed.frames("\(command.rawValue)\n\n\0").first?.command == command)
    }

    @Test func commandsAndHeaderNamesAreCaseSensitive() {
        #expect(StompFeed.frames("send\n\n\0").first?.command == .unknown)
        #expect(StompFeed.frames("SEND\nDestination:a\n\n\0").first?.header("destination") == nil)
    }

    @Test func linesMayEndWithCarriageReturnLineFeed() {
        let frame = StompFeed.frames("SEND\r\ndestination:/a\r\nx:y\r\n\r\n\r\nbody\0").first
        #expect(frame?.header("destination") == "/a")
        #expect(frame?.header("x") == "y")
        #expect(frame.map { String(decoding: $0.body, as: UTF8.self) } == "\r\nbody")
    }

    @Test func aBareCarriageReturnInTheHeadIsMalformed() {
        #expect(StompFeed.failure("SEND\ra:b\n\n\0")?.code == "malformed-header")
        #expect(StompFeed.failure("\rSEND\n\n\0")?.code == "malformed-frame")
        #expect(StompFeed.failure("\r\r\nSEND\n\n\0")?.code == "malformed-frame")
    }

    @Test func lineEndsBetweenFramesAreHeartBeats() {
        #expect(StompFeed.run("\n") == [.heartBeat])
        #expect(StompFeed.run("\r\n\n") == [.heartBeat])
        let steps = StompFeed.run("\nSEND\n\n\0\n\r\nSEND\n\n\0\n")
        let frame = StompDecoder.Step.frame(StompFeed.frames("SEND\n\n\0")[0])
        #expect(steps == [.heartBeat, frame, .heartBeat, frame, .heartBeat])
    }

    @Test func theFirstOfARepeatedHeaderWins() {
        let frame = StompFeed.frames("SEND\nfoo:World\nfoo:Hello\ncontent-length:1\ncontent-length:9\n\nx\0").first
        #expect(frame?.header("foo") == "World")
        #expect(frame?.headerCount == 4)
        #expect(frame?.body.count == 1)
    }

    @Test func whiteSpaceOfHeadersMustNotBeTrimmed() {
        let frame = StompFeed.frames("SEND\n a : b \n\n\0").first
        #expect(frame?.header(" a ") == " b ")
    }

    @Test func contentLengthCountsBytesAndTheBodyMayHoldNul() {
        let frames = StompFeed.frames("SEND\ncontent-length:6\n\n€a\0\n\0SEND\n\n\0")
        #expect(frames.count == 2)
        #expect(frames.first.map { Array($0.body) } == [0xE2, 0x82, 0xAC, 0x61, 0, 0x0A])
    }

    @Test func withoutContentLengthTheBodyEndsAtTheFirstNul() {
        let frames = StompFeed.frames("SEND\n\na\nb\0SEND\n\nc\0")
        #expect(frames.map { String(decoding: $0.body, as: UTF8.self) } == ["a\nb", "c"])
    }

    @Test func aNulMustFollowTheCountedBody() {
        #expect(StompFeed.failure("SEND\ncontent-length:2\n\nabc\0")?.code == "malformed-frame")
    }

    @Test(arguments: ["", "-1", "+1", "1 ", " 1", "0x1", "99999999999999999999"])
    func contentLengthIsANumber(_ value: String) {
        #expect(StompFeed.failure("SEND\ncontent-length:\(value)\n\n\0")?.code == "malformed-content-length")
    }

    @Test func version12UnescapesFourSequences() {
        #expect(StompFeed.frames("SEND\na\\cb:\\r\\n\\c\\\\n\n\n\0").first?.header("a:b") == "\r\n:\\n")
    }

    @Test func version11UnescapesThreeSequences() {
        #expect(StompFeed.frames("SEND\na:\\n\\c\\\\\n\n\0", .v11).first?.header("a") == "\n:\\")
        #expect(StompFeed.failure("SEND\na:\\r\n\n\0", .v11)?.code == "undefined-escape")
    }

    @Test func version10UnescapesNothing() {
        #expect(StompFeed.frames("SEND\na:\\t\\n\\\n\n\0", .v10).first?.header("a") == "\\t\\n\\")
    }

    @Test(arguments: ["\\t", "\\", "x\\", "\\N", "\\\\\\"])
    func anUndefinedEscapeIsFatal(_ value: String) {
        #expect(StompFeed.failure("SEND\na:\(value)\n\n\0")?.code == "undefined-escape")
        #expect(StompFeed.failure("SEND\n\(value):a\n\n\0")?.code == "undefined-escape")
    }

    @Test(arguments: ["CONNECT", "STOMP"])
    func connectIsNeverUnescaped(_ command: String) {
        #expect(StompFeed.frames("\(command)\na:\\t\\c\n\n\0").first?.header("a") == "\\t\\c")
    }

    @Test func colonsInValuesArePartOfThem() {
        #expect(StompFeed.frames("SEND\na:b:c\n\n\0").first?.header("a") == "b:c")
        #expect(StompFeed.frames("SEND\na:\n\n\0").first?.header("a") == "")
    }

    @Test func aHeaderLineHasANameAndAColon() {
        #expect(StompFeed.failure("SEND\nabc\n\n\0")?.code == "malformed-header")
        #expect(StompFeed.failure("SEND\n:abc\n\n\0")?.code == "malformed-header")
        #expect(StompFeed.failure("SEND\na:b\0\n\n\0")?.code == "malformed-frame")
        #expect(StompFeed.failure("SEND\0")?.code == "malformed-frame")
    }

    @Test func headersMustBeUTF8AndBodiesNeedNot() {
        var feed = StompFeed()
        #expect(feed.feed([Array("SEND\n\n".utf8) + [0xFF, 0]]).count == 1)
        guard case .failure(let failure) = feed.feed([Array("SEND\na:".utf8) + [0xC0, 0x0A, 0x0A, 0]]).last else {
            Issue.record("accepted")
            return
        }
        #expect(failure.code == "malformed-header")
    }

    @Test func limitsAreKeptAtTheirEdge() {
        var limits = StompLimits()
        limits.headerCount = 2
        limits.headerBytes = 20
        limits.frame = 26
        #expect(StompFeed.failure("SEND\na:b\nc:d\n\n\0", limits: limits) == nil)
        #expect(StompFeed.failure("SEND\na:b\nc:d\ne:f\n\n\0", limits: limits)?.code == "too-many-headers")
        #expect(StompFeed.failure("SEND\na:bcdefghijkl\n\n\0", limits: limits) == nil)
        #expect(StompFeed.failure("SEND\na:bcdefghijklm\n\n\0", limits: limits)?.code == "header-too-long")
        #expect(StompFeed.failure("SEND\na:bcdefghijklmnopqrst", limits: limits)?.code == "header-too-long")
        #expect(StompFeed.failure("SEND\n\n0123456789abcdefghi\0", limits: limits) == nil)
        #expect(StompFeed.failure("SEND\n\n0123456789abcdefghij\0", limits: limits)?.code == "frame-too-large")
    }

    @Test func aFrameThatIsTooLargeIsRefusedByItsHeaderAndNamesItsReceipt() {
        let failure = StompFeed.failure("SEND\nreceipt:r1\ncontent-length:65537\n\n")
        #expect(failure?.code == "frame-too-large")
        #expect(failure?.receiptID == "r1")
        #expect(StompFeed.failure("SEND\ncontent-length:\(Int64.max)\n\n")?.code == "frame-too-large")
    }

    @Test func afterAFailureNothingIsRead() {
        var feed = StompFeed()
        #expect(feed.feed([Array("SEND\nabc\n\n\0".utf8)]) == feed.feed([Array("SEND\n\n\0".utf8)]))
    }

    @Test func aFrameNeverShowsItsHeadersInALog() {
        let frame = StompFeed.frames("CONNECT\npasscode:secret\n\n\0").first
        #expect(frame.map { "\($0)" } == "StompFrame(connect)")
    }

    /// Frames of every shape, one after the other.
    private let sample = Array(
        ("\nSEND\r\ndestination:/a\\cb\r\nreceipt:1\r\n\r\nhello\0\r\n"
            + "\nSEND\ncontent-length:5\nx\\\\y:ü\n\na\0\nbz\0SUBSCRIBE\nid:0\ndestination:/topic/x\n\n\0"
            + "\nNONSENSE\n\n\0ACK\nid:\\r\\n\n\n\0\n").utf8)

    private func frames(_ steps: [StompDecoder.Step]) -> [StompDecoder.Step] { steps.filter { $0 != .heartBeat } }

    @Test func framesMaySpanMessagesSplitAnywhere() {
        var whole = StompFeed()
        let expected = frames(whole.feed([sample]))
        #expect(expected.count == 5)
        for place in 0...sample.count {
            var feed = StompFeed()
            let steps = feed.feed([Array(sample[..<place]), Array(sample[place...])])
            #expect(frames(steps) == expected, "split at \(place)")
        }
        var feed = StompFeed()
        #expect(frames(feed.feed(sample.map { [$0] })) == expected)
    }

    @Test func mutatedStreamsNeverTrapAndSplitsAgree() {
        var random = SplitMix(seed: 12)
        var limits = StompLimits()
        limits.frame = 60
        limits.headerBytes = 50
        for _ in 0..<3_000 {
            let bytes = sample.mutated(&random)
            let version = StompVersion.allCases.randomElement(using: &random) ?? .v12
            let place = Int.random(in: 0...bytes.count, using: &random)
            var whole = StompFeed(version, limits: limits)
            var split = StompFeed(version, limits: limits)
            let left = frames(whole.feed([bytes])).filter { if case .frame = $0 { true } else { false } }
            let right = frames(split.feed([Array(bytes[..<place]), Array(bytes[place...])]))
                .filter { if case .frame = $0 { true } else { false } }
            #expect(left == right)
        }
    }
}
