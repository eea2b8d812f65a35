internal import Shared

/// Encrypts a file record by record, so that any part of it can be read without the rest.
///
/// A record is 64 KiB of the file under AES-256-GCM with the file's own key; its number is the nonce, and the number, the file
/// and whether it is the last one are bound to it: records can't be left out, put elsewhere or cut off at the end (the
/// STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015).
struct FileCipher: Sendable {
    /// Bytes of the file in a record.
    static let recordBytes = 64 << 10
    /// Bytes of a whole record where it is stored.
    static let sealedBytes = recordBytes + AES256GCM.tagCount

    private let file: UUID
    private let key: [UInt8]

    init(file: UUID, key: [UInt8]) {
        self.file = file
        self.key = key
    }

    /// How many records a file of so many bytes has: an empty one has one, too.
    static func recordCount(of size: Int64) -> Int64 { max(1, (size + Int64(recordBytes) - 1) / Int64(recordBytes)) }

    /// Which stored bytes hold a part of a file of so many bytes: whole records.
    static func sealedRange(of part: Range<Int64>, size: Int64) -> Range<Int64> {
        guard !part.isEmpty else { return 0..<0 }
        let first = part.lowerBound / Int64(recordBytes)
        let last = (part.upperBound - 1) / Int64(recordBytes)
        let end = last == recordCount(of: size) - 1 ? sealedSize(of: size) : (last + 1) * Int64(sealedBytes)
        return first * Int64(sealedBytes)..<end
    }

    /// Bytes that a file of so many bytes takes where it is stored.
    static func sealedSize(of size: Int64) -> Int64 { size + recordCount(of: size) * Int64(AES256GCM.tagCount) }

    func seal(_ record: [UInt8], number: Int64, isLast: Bool) -> [UInt8] {
        AES256GCM.seal(record, key: key, nonce: Self.nonce(number), context: context(isLast))
    }

    /// Nil where the record isn't the one of this number, or was changed.
    func open(_ sealed: [UInt8], number: Int64, isLast: Bool) -> [UInt8]? {
        AES256GCM.open(sealed, key: key, nonce: Self.nonce(number), context: context(isLast))
    }

    private static func nonce(_ number: Int64) -> [UInt8] {
        [0, 0, 0, 0] + withUnsafeBytes(of: number.bigEndian, Array.init)
    }

    private func context(_ isLast: Bool) -> [UInt8] { file.bytes + [isLast ? 1 : 0] }
}
