import Testing

@testable import Shared

@Suite struct CommonConfigTests {
    @Test func hasTheDocumentedDefaults() throws {
        let config = try CommonConfig.read(environment: [:])
        #expect(config.redisURL == "redis://127.0.0.1:6379")
        #expect(config.databaseURL == "postgresql://127.0.0.1/parley")
        #expect(config.partitions == 64 && config.cacheEvents == 100 && config.migrate)
        #expect(config.dedupeWindow == 43_200_000 && config.stateTTL == 86_400_000)
        #expect(config.redisTimeout == 2000 && config.databaseTimeout == 5000)
        #expect(config.logFormat == .logfmt && config.logLevel == .info)
    }

    @Test(arguments: [
        ("PARTITIONS", "63", "must be a power of two"),
        ("STATE_TTL", "1h", "must be at least PARLEY_DEDUPE_WINDOW"),
        ("DATABASE_URL", "mysql://127.0.0.1/parley", "must be a URL like postgresql://"),
        ("MIGRATE", "yes", "must be true or false"),
    ])
    func refuses(name: String, value: String, reason: String) {
        let error = #expect(throws: ConfigErrors.self) {
            try CommonConfig.read(environment: ["PARLEY_\(name)": value])
        }
        #expect(error?.problems.count == 1)
        #expect(error?.description.contains(reason) == true)
    }

    @Test func noNameStandsTwice() {
        let names = SettingsRegistry.all.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: [
        ("0.0.0.0:8080", "0.0.0.0:8080"), ("[::1]:80", "[::1]:80"), ("127.0.0.1:65535", "127.0.0.1:65535"),
    ])
    func readsListenAddresses(text: String, address: String) {
        #expect(ListenAddress.parse(text)?.description == address)
    }

    @Test(arguments: [
        "", ":8080", "8080", "localhost:80", "::1:80", "[::1]", "127.0.0.1:0", "127.0.0.1:65536", "[1.2.3.4]:80",
    ])
    func refusesListenAddresses(text: String) {
        #expect(ListenAddress.parse(text) == nil)
    }

    @Test func writesAddressesInOneForm() {
        #expect(ListenAddress.canonical("2001:DB8:0:0:0:0:0:1") == "2001:db8::1")
        #expect(ListenAddress.canonical("10.0.0.1") == "10.0.0.1")
        #expect(ListenAddress.canonical("10.0.0.0/8") == nil)
    }

    @Test(
        arguments: [
            ("*", "*"), ("https://Chat.example.org", "https://chat.example.org"),
            ("http://localhost:3000", "http://localhost:3000"), ("https://chat.example.org/", nil),
            ("chat.example.org", nil), ("https://", nil), ("https://*.example.org", nil), ("://a", nil),
        ] as [(String, String?)])
    func readsOrigins(text: String, origin: String?) {
        #expect(WebOrigin.parse(text) == origin)
    }

    @Test func helpIsNarrowAndComplete() {
        let text = ConfigHelp.text(program: "gateway", summary: "Serves chat.", groups: SettingsRegistry.groups)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
        #expect(SettingsRegistry.all.allSatisfy { text.contains("\n  \($0.variable) ") })
        #expect(text.hasPrefix("gateway: Serves chat.\n\nSettings are environment variables:\n\nStores\n"))
    }

    @Test func tableHasARowPerSetting() {
        let lines = ConfigHelp.markdownTable(groups: SettingsRegistry.groups).split(separator: "\n")
        #expect(lines.filter { $0.hasPrefix("| `PARLEY_") }.count == SettingsRegistry.all.count)
        #expect(
            lines.contains(
                "| `PARLEY_MAX_FRAME_BYTES` | `64KiB` | a size from 1KiB to 16MiB"
                    + " | The longest WebSocket frame. |"))
    }
}
