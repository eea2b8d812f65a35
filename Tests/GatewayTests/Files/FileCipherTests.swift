import Shared
import Testing

@testable import Gateway

@Suite struct FileCipherTests {
    private let cipher = DataKey(secret: Array(0..<32)).cipher(of: UUID.random())

    @Test func recordsAreOpenedInTheirPlaceOnly() {
        let record = Array(repeating: UInt8(7), count: 1_000)
        let sealed = cipher.seal(record, number: 3, isLast: false)
        #expect(sealed.count == record.count + 16)
        #expect(cipher.open(sealed, number: 3, isLast: false) == record)
        #expect(cipher.open(sealed, number: 4, isLast: false) == nil)
        #expect(cipher.open(sealed, number: 3, isLast: true) == nil)
        #expect(cipher.open(Array(sealed.dropLast()), number: 3, isLast: false) == nil)
        var changed = sealed
        changed[10] ^= 1
        #expect(cipher.open(changed, number: 3, isLast: false) == nil)
        #expect(DataKey(secret: Array(0..<32)).cipher(of: UUID.random()).open(sealed, number: 3, isLast: false) == nil)
    }

    @Test func anEmptyFileHasARecord() {
        let sealed = cipher.seal([], number: 0, isLast: true)
        #expect(cipher.open(sealed, number: 0, isLast: true) == [])
        #expect(cipher.open([], number: 0, isLast: true) == nil)
        let record = Int64(FileCipher.recordBytes)
        #expect([0, 1, record, record + 1, 3 * record].map(FileCipher.recordCount) == [1, 1, 1, 2, 3])
    }

    @Test func aPartLiesInWholeRecords() {
        let (record, sealed) = (Int64(FileCipher.recordBytes), Int64(FileCipher.sealedBytes))
        let size = 2 * record + 10
        #expect(FileCipher.sealedSize(of: size) == 2 * sealed + 26)
        #expect(FileCipher.sealedSize(of: 0) == 16)
        #expect(FileCipher.sealedRange(of: 0..<1, size: size) == 0..<sealed)
        #expect(FileCipher.sealedRange(of: record - 1..<record + 1, size: size) == 0..<2 * sealed)
        #expect(FileCipher.sealedRange(of: record..<size, size: size) == sealed..<2 * sealed + 26)
        #expect(FileCipher.sealedRange(of: size - 1..<size, size: size) == 2 * sealed..<2 * sealed + 26)
        #expect(FileCipher.sealedRange(of: 0..<2 * record, size: 2 * record) == 0..<2 * sealed)
        #expect(FileCipher.sealedRange(of: 0..<0, size: 0).isEmpty)
    }

    @Test func linksAreGoodForTheirFileAndTimeOnly() throws {
        let (file, secret) = (UUID.random(), Array("secret".utf8))
        let target = FileLink(file: file, expires: 1_800_000_000).target(secret: secret)
        let query = try #require(HTTPQuery(String(target.drop { $0 != "?" }.dropFirst())))
        #expect(FileLink(file: file, query, secrets: [[1], secret])?.expires == 1_800_000_000)
        #expect(FileLink(file: UUID.random(), query, secrets: [secret]) == nil)
        #expect(FileLink(file: file, query, secrets: [Array("other".utf8)]) == nil)
        let later = try #require(
            HTTPQuery(String(target.replacing("1800000000", with: "1900000000").drop { $0 != "?" }.dropFirst())))
        #expect(FileLink(file: file, later, secrets: [secret]) == nil)
    }
}
