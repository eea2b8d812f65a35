/// Where the bytes of uploaded files are, whatever it is that holds them.
///
/// A store is confined to the loop that it was made for.
package protocol FileStore {
    /// Begins a file; it ends with `keep` or `discard`.
    func begin(_ id: UUID) async throws(FileStoreError) -> any IncomingFile

    /// Opens a part of a file, in bytes as they are stored.
    func open(_ id: UUID, _ part: Range<Int64>) async throws(FileStoreError) -> any StoredFile

    /// Removes a file; it is no error where there is none.
    func remove(_ id: UUID) async throws(FileStoreError)

    /// Removes what killed nodes have left of files that were begun; returns how many those were.
    func sweep() async throws(FileStoreError) -> Int
}

/// A file that is being uploaded.
package protocol IncomingFile {
    /// Takes the next bytes.
    func append(_ bytes: [UInt8]) async throws(FileStoreError)

    /// Returns once the file can't be lost any more; where that fails it has to be discarded.
    func keep() async throws(FileStoreError)

    /// Leaves nothing of the file, however far it has come.
    func discard() async
}

/// A part of a stored file, from its beginning to its end; it is given up with its last reference.
package protocol StoredFile {
    /// The next bytes: as many, or fewer where the file is shorter than it should be.
    func read(_ count: Int) async throws(FileStoreError) -> [UInt8]
}

/// Why a store couldn't do something.
package enum FileStoreError: Error, CustomStringConvertible {
    /// A call on a disk failed.
    case disk(SystemError)
    /// An S3 store didn't do what it was asked for.
    case s3(S3Error)

    /// A sentence for logs.
    package var description: String {
        switch self {
        case .disk(let error): error.description
        case .s3(let error): error.description
        }
    }
}

extension BlockingPool {
    /// Runs what a store has to do on a disk.
    func disk<Value: Sendable>(
        _ body: @escaping @Sendable () throws(SystemError) -> Value
    ) async throws(FileStoreError) -> Value {
        do throws(SystemError) {
            return try await run(body)
        } catch {
            throw .disk(error)
        }
    }
}
