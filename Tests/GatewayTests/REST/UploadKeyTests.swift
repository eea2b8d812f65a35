import Shared
import Testing

@testable import Gateway

@Suite struct UploadKeyTests {
    @Test func aKeyIsVisibleASCII() throws {
        #expect(try UploadKey.read(HTTPHeaders()) == nil)
        for key in ["a", "\"quoted-1\"", String(repeating: "~", count: 255)] {
            #expect(try UploadKey.read(HTTPHeaders([("idempotency-key", key)])) == key)
        }
        for key in ["", "a b", "ä", "a\u{7F}", String(repeating: "~", count: 256)] {
            #expect(throws: CommandError.self) { try UploadKey.read(HTTPHeaders([("Idempotency-Key", key)])) }
        }
        let two = HTTPHeaders([("Idempotency-Key", "a"), ("Idempotency-Key", "a")])
        #expect(throws: CommandError.self) { try UploadKey.read(two) }
    }
}
