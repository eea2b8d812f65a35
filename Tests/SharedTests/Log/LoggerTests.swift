import Glibc
import Testing

@testable import Shared

/// A pipe whose other end is the test.
private final class Pipe {
    let reader: Int32
    let writer: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        #expect(Glibc.pipe(&ends) == 0)
        (reader, writer) = (ends[0], ends[1])
        _ = fcntl(reader, F_SETFL, O_NONBLOCK)
    }

    deinit {
        close(reader)
        close(writer)
    }

    /// What is in the pipe now.
    func drain() -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(reader, &buffer, buffer.count)
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += buffer.prefix(count)
        }
    }
}

@Suite struct LoggerTests {
    private func line(_ format: LogFormat, _ fields: KeyValuePairs<LogKey, LogValue>) -> String {
        let pipe = Pipe()
        let logger = Logger(
            level: .info, format: format, descriptor: pipe.writer, base: [(.node, "a-1")], now: { 1_735_689_600_007 })
        logger.info("client connected", fields)
        #expect(logger.flush())
        return pipe.drain()
    }

    @Test func writesLogfmt() throws {
        let user = try #require(UUID("6F9619FF-8B86-D011-B42D-00C04FC964FF"))
        #expect(
            line(.logfmt, [.conn: 5, .user: .uuid(user), .reason: "too slow", .recovered: true, .lag: 1.5, .path: ""])
                == "time=2025-01-01T00:00:00.007Z level=info msg=\"client connected\" node=a-1 conn=5"
                + " user=6f9619ff-8b86-d011-b42d-00c04fc964ff reason=\"too slow\" recovered=true lag=1.5 path=\"\"\n")
    }

    @Test func writesJSON() throws {
        let user = try #require(UUID("6F9619FF-8B86-D011-B42D-00C04FC964FF"))
        #expect(
            line(.json, [.conn: -5, .user: .uuid(user), .reason: "a \"b\"", .lag: .double(.nan), .durationMS: 3])
                == "{\"time\":\"2025-01-01T00:00:00.007Z\",\"level\":\"info\",\"msg\":\"client connected\""
                + ",\"node\":\"a-1\",\"conn\":-5,\"user\":\"6f9619ff-8b86-d011-b42d-00c04fc964ff\""
                + ",\"reason\":\"a \\\"b\\\"\",\"lag\":null,\"duration_ms\":3}\n")
    }

    @Test(arguments: [
        ("plain/1.2:x", "plain/1.2:x"), ("x level=error", "\"x level=error\""), ("a=b", "\"a=b\""),
        ("a\nb\r\tc", "\"a\\nb\\r\\tc\""), ("\u{1B}[2J\0", "\"\\u001b[2J\\u0000\""), ("q\"\\", "\"q\\\"\\\\\""),
        ("\u{85}\u{9B}\u{2028}\u{202E}", "\"\\u0085\\u009b\\u2028\\u202e\""), ("grüße 🦊", "\"grüße 🦊\""),
    ])
    func escapesWhatClientsSend(text: String, written: String) {
        let expected = " reason=\(written)\n"
        #expect(line(.logfmt, [.reason: .string(text)]).hasSuffix(expected))
        let quoted = written.hasPrefix("\"") ? written : "\"\(written)\""
        #expect(line(.json, [.reason: .string(text)]).hasSuffix(",\"reason\":\(quoted)}\n"))
    }

    @Test func repairsAndCutsValues() {
        #expect(line(.logfmt, [.agent: .bytes([0x61, 0xFF, 0x62])]).hasSuffix(" agent=\"a\u{FFFD}b\"\n"))
        let long = String(repeating: "ü", count: 5000)
        #expect(line(.json, [.agent: .string(long)]).contains("\"agent\":\"\(long.prefix(512))…\""))
        #expect(line(.json, [.agent: .bytes(Array(long.utf8))]).contains("\"agent\":\"\(long.prefix(512))…\""))
    }

    @Test func randomBytesNeverForgeALine() {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        for _ in 0..<300 {
            let bytes = (0..<40).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 33)
            }
            for format in LogFormat.allCases {
                let text = line(format, [.reason: .bytes(bytes)])
                #expect(text.unicodeScalars.count { $0 == "\n" } == 1 && text.hasSuffix("\n"))
                #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
            }
        }
    }

    @Test func fieldsBelowTheLevelAreNotEvenMade() {
        let pipe = Pipe()
        let logger = Logger(level: .warning, format: .logfmt, descriptor: pipe.writer, base: [])
        var made = 0
        func value() -> LogValue {
            made += 1
            return 1
        }
        logger.debug("no", [.count: value()])
        logger.info("no", [.count: value()])
        #expect(made == 0)
        logger.warning("yes", [.count: value()])
        logger.error("yes")
        #expect(made == 1)
        #expect(logger.flush())
        let lines = pipe.drain().split(separator: "\n")
        #expect(lines.count == 2 && lines[0].contains("level=warning") && lines[1].contains("level=error"))
    }

    @Test func dropsAndTellsWhenNobodyReads() {
        let pipe = Pipe()
        let logger = Logger(level: .info, format: .logfmt, descriptor: pipe.writer, base: [])
        let text = String(repeating: "x", count: 900)
        for number in 0..<2000 {
            logger.info("burst", [.count: .number(number), .reason: .string(text)])
            if number % 10 == 0 { logger.flush() }
        }
        #expect(!logger.flush())
        let dropped = logger.droppedLines
        #expect(dropped > 500)
        var read = ""
        while true {
            let isEmpty = logger.flush()
            read += pipe.drain()
            if isEmpty { break }
        }
        let lines = read.split(separator: "\n")
        #expect(lines.allSatisfy { $0.hasPrefix("time=") })
        #expect(lines.count == 2000 - dropped + 1)
        #expect(lines.last?.contains("level=warning msg=\"log lines dropped\" count=\(dropped)") == true)
        #expect(logger.droppedLines == dropped)
    }

    @Test func twoLoopsNeverTearEachOthersLines() {
        let pipe = Pipe()
        let output = LogOutput.of(pipe.writer)
        var waiting = ["a", "b"].map { letter in
            Array(repeating: Array(String(repeating: letter, count: 999).utf8) + [0x0A], count: 300).flatMap { $0 }
        }
        var read = ""
        while waiting.contains(where: { !$0.isEmpty }) {
            for index in waiting.indices where !waiting[index].isEmpty {
                waiting[index].removeFirst(output.write(waiting[index])?.count ?? 0)
            }
            read += pipe.drain()
        }
        // The rest of the last line is with the output.
        #expect(output.write([])?.isOut == true)
        read += pipe.drain()
        let lines = read.split(separator: "\n")
        #expect(lines.count == 600)
        #expect(lines.allSatisfy { $0.utf8.count == 999 && Set($0).count == 1 })
    }

    @Test func leavesTheSharedDescriptorBlocking() {
        let pipe = Pipe()
        let logger = Logger(level: .info, format: .logfmt, descriptor: pipe.writer, base: [])
        logger.info("x")
        logger.flush()
        #expect(fcntl(pipe.writer, F_GETFL) & O_NONBLOCK == 0)
    }

    @Test func writesToSocketsWithoutWaiting() {
        var ends: [Int32] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let logger = Logger(level: .info, format: .logfmt, descriptor: ends[1], base: [])
        let text = String(repeating: "x", count: 1000)
        for _ in 0..<900 { logger.info("burst", [.reason: .string(text)]) }
        #expect(!logger.flush())
        #expect(logger.droppedLines == 0)
        close(ends[0])
        #expect(logger.flush())
        #expect(logger.droppedLines > 0)
        close(ends[1])
    }

    @Test func survivesAClosedDescriptor() {
        let logger = Logger(level: .info, format: .json, descriptor: 9999, base: [])
        logger.info("nobody reads this")
        #expect(logger.flush())
        #expect(logger.droppedLines == 1)
    }
}
