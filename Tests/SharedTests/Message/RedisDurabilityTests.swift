import Testing

@testable import Shared

@Suite struct RedisDurabilityTests {
    private static let safe = [
        "appendonly": "yes", "appendfsync": "always", "no-appendfsync-on-rewrite": "no",
        "maxmemory-policy": "noeviction",
        "maxmemory": "1073741824",
    ]

    @Test func whatIsSafeHasNoProblem() {
        #expect(RedisDurability.problems(Self.safe).isEmpty)
        #expect(Set(Self.safe.keys) == Set(RedisDurability.settings))
    }

    @Test(
        arguments: [
            ("appendonly", "no"), ("appendfsync", "everysec"), ("no-appendfsync-on-rewrite", "yes"),
            ("maxmemory-policy", "allkeys-lru"), ("maxmemory", "0"),
        ])
    func eachWeakSettingIsOne(setting: String, value: String) {
        var found = Self.safe
        found[setting] = value
        let problems = RedisDurability.problems(found)
        #expect(problems.count == 1 && problems[0].hasPrefix("\(setting) is \(value)"), "\(problems)")
    }

    @Test func whatIsNotToldIsUnknown() {
        #expect(RedisDurability.problems([:]).count == 4)
    }
}
