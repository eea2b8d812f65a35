internal import Shared

/// Why the rest of a file can't be read.
enum FileReadError: Error, CustomStringConvertible {
    case store(FileStoreError)
    /// A record is missing or was changed.
    case damaged

    /// A sentence for logs.
    var description: String {
        switch self {
        case .store(let error): error.description
        case .damaged: "a record is missing or was changed"
        }
    }
}

/// Reads a part of a file piece by piece.
///
/// Confined to its loop.
final class FileReader {
    private let file: any StoredFile
    private let transfer: FileTransfer
    private let size: Int64
    private let cipher: FileCipher?
    private var left: Range<Int64>

    /// `part` are bytes of the file as it was uploaded.
    init(
        _ file: any StoredFile, _ transfer: FileTransfer, _ facts: FileFacts, _ cipher: FileCipher?, part: Range<Int64>
    ) {
        self.file = file
        self.transfer = transfer
        self.cipher = cipher
        size = facts.size
        left = part
    }

    /// The next bytes, at most a record of them; nil at the end.
    func next() async throws(FileReadError) -> [UInt8]? {
        guard !left.isEmpty else { return nil }
        let record = left.lowerBound / Int64(FileCipher.recordBytes)
        let start = record * Int64(FileCipher.recordBytes)
        let end = min(start + Int64(FileCipher.recordBytes), left.upperBound)
        defer { left = end..<left.upperBound }
        guard let cipher else {
            let wanted = Int(end - left.lowerBound)
            let bytes = try await read(wanted)
            guard bytes.count == wanted else { throw .damaged }
            return bytes
        }
        let sealed = try await read(FileCipher.sealedBytes)
        let isLast = record == FileCipher.recordCount(of: size) - 1
        guard let bytes = cipher.open(sealed, number: record, isLast: isLast), Int64(bytes.count) >= end - start else {
            throw .damaged
        }
        return Array(bytes[Int(left.lowerBound - start)..<Int(end - start)])
    }

    private func read(_ count: Int) async throws(FileReadError) -> [UInt8] {
        do throws(FileStoreError) {
            return try await file.read(count)
        } catch {
            throw .store(error)
        }
    }
}
