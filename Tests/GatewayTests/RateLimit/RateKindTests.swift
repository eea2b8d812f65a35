import Testing

@testable import Gateway

@Suite struct RateKindTests {
    /// Every call of docs/protocol.md has a bucket, here or where what it carries out asks for its own.
    @Test(arguments: [
        ("GET", "conversations", RateKind.reads), ("HEAD", "conversations/c/messages", .reads),
        ("GET", "files/f/link", .reads), ("GET", "admin/nodes", .reads), ("GET", "nothing", .reads),
        ("POST", "conversations", .changes), ("POST", "conversations/c/participants", .changes),
        ("DELETE", "conversations/c/participants/u", .changes), ("POST", "conversations/c/archive", .changes),
        ("POST", "conversations/c/unarchive", .changes), ("DELETE", "admin/sessions/s", .changes),
        ("POST", "tickets", .tickets), ("PUT", "nothing", .changes),
    ])
    func callsTakeFromTheirBucket(method: String, path: String, kind: RateKind) {
        #expect(RateKind(method, path.split(separator: "/")) == kind)
    }

    @Test(arguments: [
        ("POST", "conversations/c/messages"), ("PATCH", "conversations/c/messages/1"),
        ("DELETE", "conversations/c/messages/1"), ("POST", "conversations/c/read"), ("POST", "files"),
    ])
    func whatHasABucketElsewhereTakesOnce(method: String, path: String) {
        #expect(RateKind(method, path.split(separator: "/")) == nil)
    }
}
