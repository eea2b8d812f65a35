import Testing

@testable import Shared

@Suite struct SettingMutationTests {
    @Test func mutatedValuesNeverTrap() {
        let seeds = ["64KiB", "12h", "[2001:db8::1]:8080", "https://chat.example.org:8443", "redis://u:p@[::1]:6379/0"]
        var state: UInt64 = 20_261_123
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for round in 0..<20000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0...random(4) {
                let place = random(bytes.count + 1)
                switch random(3) {
                case 0: bytes.insert(UInt8(random(256)), at: place)
                case 1: bytes.removeLast(min(place, bytes.count))
                default: if place < bytes.count { bytes[place] = UInt8(random(256)) }
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            var environment: [String: String] = [:]
            for setting in SettingsRegistry.all { environment[setting.variable] = text }
            environment["PARLEY_\(text)"] = text
            #expect(ByteSizeText.parse(text).map { $0 >= 0 } ?? true)
            #expect(DurationText.parse(text).map { $0 >= 0 } ?? true)
            if let address = ListenAddress.parse(text) { #expect(ListenAddress.parse(address.description) == address) }
            if let origin = WebOrigin.parse(text) { #expect(WebOrigin.parse(origin) == origin) }
            if let name = ListenAddress.canonical(text) { #expect(ListenAddress.canonical(name) == name) }
            if round % 100 == 0 {
                let error = #expect(throws: ConfigErrors.self) { try CommonConfig.read(environment: environment) }
                #expect(error?.problems.allSatisfy { !$0.contains("\n") } == true)
            }
        }
    }
}
