import Testing

@testable import Shared

@Suite struct PublicKeyTests {
    @Test func kinds() throws {
        let cases: [(String, PublicKey.Kind)] = [
            (SampleKeys.rsa, .rsa), (SampleKeys.p256, .p256), (SampleKeys.ed25519, .ed25519),
        ]
        for (pem, kind) in cases { #expect(try PublicKey(pem: Array(pem.utf8)).kind == kind) }
    }

    /// An encrypted PEM would have OpenSSL ask for a password on the terminal, where the process would wait for ever.
    @Test func encryptedKeysAreRefused() {
        let lines = SampleKeys.ed25519.split(separator: "\n")
        let headers = ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,00000000000000000000000000000000", ""]
        let pem = ([String(lines[0])] + headers + lines[1...].map(String.init)).joined(separator: "\n") + "\n"
        #expect(throws: PublicKeyError.malformed) { try PublicKey(pem: Array(pem.utf8)) }
    }

    /// RFC 7518, section 3.4: 64 bytes, neither more nor less, and no DER.
    @Test func ecdsaSignaturesHaveOneForm() throws {
        let key = try PublicKey(pem: Array(SampleKeys.p256.utf8))
        let parts = SampleKeys.es256Token.utf8.split(separator: UInt8(ascii: "."))
        let message = Array(parts[0]) + [UInt8(ascii: ".")] + Array(parts[1])
        let signature = try #require(Base64.decodeURL(parts[2]))
        #expect(signature.count == 64 && key.isValid(signature: signature, for: message))
        let r = Array(signature[..<32])
        let s = Array(signature[32...])
        let zero = [UInt8](repeating: 0, count: 32)
        let highest = [UInt8](repeating: 0xFF, count: 32)
        let others: [[UInt8]] = [
            [], r, signature.dropLast(), signature + [0], zero + zero, highest + highest, s + r,
        ]
        for other in others + [zero + s, r + zero, r + highest] {
            #expect(!key.isValid(signature: other, for: message))
        }
        #expect(!key.isValid(signature: signature, for: message + [0]))
        #expect(!key.isValid(signature: signature, for: []))
    }

    @Test func nothingTrapsOnNoise() {
        var random = SeededGenerator(state: 11)
        for pem in [SampleKeys.rsa, SampleKeys.p256, SampleKeys.ed25519] {
            for _ in 0..<300 {
                let mutated = random.mutate(Array(pem.utf8))
                guard let key = try? PublicKey(pem: mutated) else { continue }
                #expect(!key.isValid(signature: Array(repeating: 1, count: 64), for: [1]))
            }
        }
        for count in 0..<SampleKeys.ed25519.utf8.count - 25 {
            #expect(throws: PublicKeyError.self) { try PublicKey(pem: Array(SampleKeys.ed25519.utf8.prefix(count))) }
        }
    }
}
