import Testing

@testable import Shared

@Suite struct ConfigReaderTests {
    static let size = Setting.bytes("SIZE", default: 65536, in: 1024...1 << 20, "A size.")
    static let count = Setting.integer("COUNT", default: 3, in: 1...10, "A count.")
    static let wait = Setting.milliseconds("WAIT", default: "2s", in: "100ms"..."60s", "A wait.")
    static let key = Setting<String>.secret("KEY", "A key.")
    static let level = Setting<LogLevel>.choice(
        "LEVEL", default: .info, LogLevel.allCases.map { ($0.name, $0) }, "A level.")
    static let names = Setting<[String]>.list("NAMES", default: "a", of: "names", "Names.", parse: NodeName.parse)
    static let label = Setting<String?>.text("LABEL", "A label.")
    static let known = [
        size.declaration, count.declaration, wait.declaration, key.declaration, level.declaration,
        names.declaration, label.declaration,
    ]

    private func problems(_ environment: [String: String], _ body: (inout ConfigReader) -> Void) -> [String] {
        var reader = ConfigReader(environment: environment, known: Self.known)
        body(&reader)
        do {
            try reader.finish()
            return []
        } catch { return error.problems }
    }

    @Test func hasDefaults() {
        let found = problems([:]) { reader in
            #expect(reader.read(Self.size) == 65536)
            #expect(reader.read(Self.wait) == 2000)
            #expect(reader.read(Self.level) == .info)
            #expect(reader.read(Self.names) == ["a"])
            #expect(reader.read(Self.label) == nil)
        }
        #expect(found == [])
    }

    @Test func readsValues() {
        let environment = [
            "PARLEY_SIZE": "1MiB", "PARLEY_COUNT": "10", "PARLEY_WAIT": "100ms", "PARLEY_KEY": "k",
            "PARLEY_LEVEL": "debug", "PARLEY_NAMES": "b, c", "PARLEY_LABEL": "x y", "PATH": "/bin",
        ]
        let found = problems(environment) { reader in
            #expect(reader.read(Self.size) == 1 << 20)
            #expect(reader.read(Self.count) == 10)
            #expect(reader.read(Self.wait) == 100)
            #expect(reader.read(Self.key) == "k")
            #expect(reader.read(Self.level) == .debug)
            #expect(reader.read(Self.names) == ["b", "c"])
            #expect(reader.read(Self.label) == "x y")
        }
        #expect(found == [])
    }

    @Test func tellsEverythingAtOnce() {
        let environment = [
            "PARLEY_SIZE": "1KB", "PARLEY_COUNT": "11", "PARLEY_WAIT": "10", "PARLEY_LEVEL": "loud",
            "PARLEY_NAMES": "a,,b",
        ]
        let found = problems(environment) { reader in
            #expect(reader.read(Self.size) == 65536)
            _ = reader.read(Self.count)
            _ = reader.read(Self.wait)
            _ = reader.read(Self.level)
            _ = reader.read(Self.names)
            _ = reader.read(Self.key)
        }
        #expect(
            found == [
                "PARLEY_SIZE=1KB: must be a size from 1KiB to 1MiB",
                "PARLEY_COUNT=11: must be a whole number from 1 to 10",
                "PARLEY_WAIT=10: must be a duration from 100ms to 1m",
                "PARLEY_LEVEL=loud: must be one of debug, info, warning, error",
                "PARLEY_NAMES=a,,b: must be names, separated by commas",
                "PARLEY_KEY: is required: a secret text",
            ])
    }

    @Test func anEmptyValueIsNoValueButForLists() {
        let environment = ["PARLEY_COUNT": "", "PARLEY_KEY": "", "PARLEY_NAMES": "", "PARLEY_LABEL": ""]
        let found = problems(environment) { reader in
            #expect(reader.read(Self.count) == 3)
            #expect(reader.read(Self.names) == [])
            #expect(reader.read(Self.label) == nil)
            _ = reader.read(Self.key)
        }
        #expect(found == ["PARLEY_KEY: is required: a secret text"])
    }

    @Test func neverShowsASecret() {
        let environment = ["PARLEY_KEY": "hunter2", "PARLEY_KEYS": "hunter2", "PARLEY_REDIS_URL": "http://a:hunter2@b"]
        let found = problems(environment) { reader in
            _ = reader.read(Self.key)
            _ = reader.read(CommonSettings.redisURL)
            reader.fail(Self.key, "is too short")
        }
        #expect(found.contains("PARLEY_KEY=(hidden): is too short"))
        #expect(found.contains { $0.hasPrefix("PARLEY_REDIS_URL=(hidden): must be a URL") })
        #expect(!found.joined().contains("hunter2"))
    }

    @Test func asksBackAboutUnknownVariables() {
        let environment = [
            "PARLEY_SZIE": "1", "PARLEY_ENTIRELY_DIFFERENT": "1", "PARLEY_URL": "x", "PARLEY_PORT": "1",
            "PARLEY_GATEWAY_URLS": "x", "PARLEY_PID_REDIS": "7", "PARLEYSIZE": "1",
        ]
        #expect(
            problems(environment) { _ in } == [
                "PARLEY_ENTIRELY_DIFFERENT: unknown setting",
                "PARLEY_SZIE: unknown setting; did you mean PARLEY_SIZE?",
            ])
    }

    @Test func staysOnALinePerProblem() {
        let found = problems(["PARLEY_COUNT": "1\nPARLEY_KEY: fine\u{1B}[2J", "PARLEY_A\nB": "1"]) { reader in
            _ = reader.read(Self.count)
        }
        #expect(found.count == 2)
        #expect(!found.joined().contains("\n") && !found.joined().contains("\u{1B}"))
    }

    @Test func doesNotCompareWhatIsWrongAlready() {
        let found = problems(["PARLEY_COUNT": "x"]) { reader in
            let (count, size) = (reader.read(Self.count), reader.read(Self.size))
            reader.check(count > size, [Self.size.declaration, Self.count.declaration], "must be below PARLEY_COUNT")
        }
        #expect(found == ["PARLEY_COUNT=x: must be a whole number from 1 to 10"])
    }

    @Test(arguments: [("kitten", "sitting", 3), ("", "abc", 3), ("SZIE", "SIZE", 1), ("same", "same", 0)])
    func measuresDistance(left: String, right: String, distance: Int) {
        #expect(EditDistance.between(left, right) == distance)
        #expect(EditDistance.between(right, left) == distance)
    }

    @Test(arguments: ["1KB", "1k", "1 KiB", "-1", "", "KiB", "1.5MiB", "9223372036854775807KiB", "1kib"])
    func refusesSizes(text: String) {
        #expect(ByteSizeText.parse(text) == nil)
    }
}
