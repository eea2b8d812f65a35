import Testing

@testable import Shared

private func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.utf8.compactMap { Hex.value(of: $0) }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

@Suite struct AES256GCMTests {
    /// The McGrew and Viega submission's test cases 13, 14 and 16 (the specification of GCM, appendix B).
    @Test func theStandardsExamples() {
        let zeros = [UInt8](repeating: 0, count: 32)
        let none = [UInt8](repeating: 0, count: 12)
        #expect(AES256GCM.seal([], key: zeros, nonce: none, context: []) == bytes("530f8afbc74536b9a963b4f1c4cb738b"))
        #expect(
            AES256GCM.seal([UInt8](repeating: 0, count: 16), key: zeros, nonce: none, context: [])
                == bytes("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"))
        let key = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
        let text = bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
        )
        let context = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2")
        let sealed = AES256GCM.seal(text, key: key, nonce: bytes("cafebabefacedbaddecaf888"), context: context)
        #expect(
            sealed
                == bytes(
                    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                        + "76fc6ece0f4e1768cddf8853bb2d551b"))
        #expect(AES256GCM.open(sealed, key: key, nonce: bytes("cafebabefacedbaddecaf888"), context: context) == text)
    }

    @Test func nothingThatWasChangedOpens() {
        let key = [UInt8](repeating: 1, count: 32)
        let nonce = [UInt8](repeating: 2, count: 12)
        let sealed = AES256GCM.seal([1, 2, 3], key: key, nonce: nonce, context: [9])
        for place in sealed.indices {
            var other = sealed
            other[place] ^= 1
            #expect(AES256GCM.open(other, key: key, nonce: nonce, context: [9]) == nil)
        }
        #expect(AES256GCM.open(sealed, key: key, nonce: nonce, context: [8]) == nil)
        #expect(AES256GCM.open(sealed, key: [UInt8](repeating: 3, count: 32), nonce: nonce, context: [9]) == nil)
        #expect(AES256GCM.open(Array(sealed.dropLast()), key: key, nonce: nonce, context: [9]) == nil)
        #expect(AES256GCM.open([], key: key, nonce: nonce, context: [9]) == nil)
    }
}

@Suite struct MasterKeyRingTests {
    private let conversation = UUID(high: 1, low: 2)
    private let secret = [UInt8](repeating: 7, count: 32)

    private func ring(_ lines: String...) throws(MasterKeyRingError) -> MasterKeyRing {
        try MasterKeyRing(file: Array(lines.joined(separator: "\n").utf8))
    }

    @Test func theFirstWrapsAndAllUnwrap() throws {
        let (old, new) = (MasterKeyRing.newLine(id: "old"), MasterKeyRing.newLine(id: "new"))
        let before = try ring("# ours", "", old, "")
        let wrapped = before.wrap(secret, for: conversation)
        #expect(wrapped.master == "old" && before.wrap(secret, for: conversation) != wrapped)
        let both = try ring(new + "\r", "\t" + old)
        #expect(both.current == "new" && both.has("old") && both.unwrap(wrapped, for: conversation) == secret)
        #expect(both.wrap(secret, for: conversation).master == "new")
        #expect(both.unwrap(wrapped, for: UUID(high: 1, low: 3)) == nil, "it is another conversation's")
        #expect(try ring(new).unwrap(wrapped, for: conversation) == nil)
        let impostor = try ring(MasterKeyRing.newLine(id: "old"))
        #expect(impostor.has("old") && impostor.unwrap(wrapped, for: conversation) == nil)
        #expect(both.unwrap(.init(master: "old", text: "AAAA"), for: conversation) == nil)
    }

    @Test func mistakesAreNamed() {
        func problem(_ lines: String...) -> MasterKeyRingError? {
            do {
                _ = try MasterKeyRing(file: Array(lines.joined(separator: "\n").utf8))
                return nil
            } catch {
                return error
            }
        }
        let line = MasterKeyRing.newLine(id: "a")
        #expect(problem("") == .empty && problem("# nothing") == .empty)
        #expect(problem(line, line) == .repeatedID("a"))
        #expect(problem(line, "b") == .malformedLine(2) && problem("B " + line.dropFirst(2)) == .malformedLine(1))
        #expect(problem("a AAAA") == .malformedLine(1) && problem(line + " x") == .malformedLine(1))
        #expect(throws: MasterKeyRingError.unreadable) { try MasterKeyRing(path: "/nowhere/keys") }
        #expect(!MasterKeyRingError.malformedLine(1).description.contains(line.dropFirst(2)))
    }
}
