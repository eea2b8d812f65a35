import Testing

@testable import Shared

@Suite("Deployment format")
struct DeploymentFormatTests {
    private static let old = Array(#"{"id":"a","version":"1.0.0"}"#.utf8)
    private static let new = Array(#"{"id":"b","format":2}"#.utf8)

    @Test("Everybody alive counts, and who tells no format is of the first release")
    func oldest() {
        #expect(DeploymentFormat.oldest(gateways: [Self.new, Self.new], persisters: [Self.new]) == 2)
        #expect(DeploymentFormat.oldest(gateways: [Self.new, Self.old], persisters: [Self.new]) == 1)
        #expect(DeploymentFormat.oldest(gateways: [Self.new], persisters: [Self.old]) == 1)
    }

    @Test("A gateway without facts is dead; a persister without facts is of the first release")
    func withoutFacts() {
        #expect(DeploymentFormat.oldest(gateways: [Self.new, nil], persisters: []) == 2)
        #expect(DeploymentFormat.oldest(gateways: [Self.new], persisters: [nil]) == 1)
    }

    @Test("Where nobody is registered nobody can be hurt")
    func nobody() {
        #expect(DeploymentFormat.oldest(gateways: [], persisters: []) == DeploymentFormat.current)
    }

    @Test("A later format counts as what it is, and spoilt facts as the first release")
    func strangeFacts() {
        #expect(DeploymentFormat.oldest(gateways: [Array(#"{"format":3}"#.utf8), Self.new], persisters: []) == 2)
        #expect(DeploymentFormat.oldest(gateways: [Array("spoilt".utf8)], persisters: [Self.new]) == 1)
    }
}
