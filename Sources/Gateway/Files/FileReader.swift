internal import Shared

/// Why the rest of a file can't be read.
enum FileReadError: Error {
    case system(SystemError)
    /// A record is missing or was changed.
    case damaged
}

/// Reads a part of a file piece by piece.
///
/// Confined to its loop.
final class FileReader {
    private let file: DiskFile
    private let transfer: FileTransfer
    private let size: Int64
    private let cipher: FileCipher?
    private var left: Range<Int64>

    /// `part` are bytes of the file as it was uploaded.
    init(
        _ file: DiskFile, _ transfer: FileTransfer, _ facts: FileFacts, _ cipher: FileCipher?, part: Range<Int64>
    ) {
        self.file = file
        self.transfer = transfer
        self.cipher = cipher
        size = facts.size
        left = part
    }

    deinit {
        file.close()
    }

    /// The next bytes, at most a record of them; nil at the end.
    func next() async throws(FileReadError) -> [UInt8]? {
        guard !left.isEmpty else { return nil }
        let record = left.lowerBound / Int64(FileCipher.recordBytes)
        let start = record * Int64(FileCipher.recordBytes)
        let end = min(start + Int64(FileCipher.recordBytes), left.upperBound)
        defer { left = end..<left.upperBound }
        guard let cipher else {
            return try await read(Int(end - left.lowerBound), from: left.lowerBound, exactly: true)
        }
        let sealed = try await read(
            FileCipher.sealedBytes, from: record * Int64(FileCipher.sealedBytes), exactly: false)
        let isLast = record == FileCipher.recordCount(of: size) - 1
        guard let bytes = cipher.open(sealed, number: record, isLast: isLast), Int64(bytes.count) >= end - start else {
            throw .damaged
        }
        return Array(bytes[Int(left.lowerBound - start)..<Int(end - start)])
    }

    private func read(_ count: Int, from offset: Int64, exactly: Bool) async throws(FileReadError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(SystemError) {
            let file = file
            bytes = try await BlockingPool.shared.run { () throws(SystemError) in try file.read(count, from: offset) }
        } catch {
            throw .system(error)
        }
        guard !exactly || bytes.count == count else { throw .damaged }
        return bytes
    }
}
