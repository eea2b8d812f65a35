internal import Shared

/// Brings an upload's pieces into records, encrypts them where there is a key, and writes them.
struct FileWriter {
    private let file: any IncomingFile
    private let cipher: FileCipher?
    private var record: [UInt8] = []
    private var number: Int64 = 0

    init(_ file: any IncomingFile, _ cipher: FileCipher?) {
        self.file = file
        self.cipher = cipher
    }

    mutating func append(_ piece: [UInt8]) async throws(FileStoreError) {
        var rest = piece[...]
        while !rest.isEmpty {
            // A full record is written only once there is more: the last one is marked as such.
            if record.count == FileCipher.recordBytes { try await write(isLast: false) }
            let taken = rest.prefix(FileCipher.recordBytes - record.count)
            record += taken
            rest = rest.dropFirst(taken.count)
        }
    }

    /// Writes what is left; the file is safe then.
    mutating func finish() async throws(FileStoreError) {
        try await write(isLast: true)
        try await file.keep()
    }

    private mutating func write(isLast: Bool) async throws(FileStoreError) {
        let bytes = cipher?.seal(record, number: number, isLast: isLast) ?? record
        record.removeAll(keepingCapacity: true)
        number += 1
        try await file.append(bytes)
    }
}
