import Testing

@testable import Shared

@Suite struct ContentDigestTests {
    /// RFC 9530, appendix B.1.
    private let text = Array("{\"hello\": \"world\"}\n".utf8)
    private let field = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"

    @Test func theStandardsExampleIsReadAndWritten() {
        let digest = SHA256.digest(text)
        #expect(ContentDigest.field(digest) == field)
        #expect(ContentDigest.told(HTTPHeaders([("Content-Digest", field)])) == [digest])
        let both = HTTPHeaders([("repr-digest", "sha-512=:AAAA:, \(field)"), ("Content-Digest", field)])
        #expect(ContentDigest.told(both) == [digest, digest])
    }

    @Test func whatIsntThereOrIsAnotherIsPassedOver() {
        #expect(ContentDigest.told(HTTPHeaders()) == [])
        #expect(
            ContentDigest.told(HTTPHeaders([("Content-Digest", "sha-512=:nonsense"), ("Content-Digest", "")])) == [])
    }

    @Test(arguments: [
        "sha-256=", "sha-256=abc", "sha-256=::", "sha-256=:AAAA:",
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg:",
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=", "sha-256=:",
    ])
    func whatIsMalformedIsRefused(value: String) {
        #expect(ContentDigest.told(HTTPHeaders([("Content-Digest", value)])) == nil)
    }
}
