/// The bytes of uploaded files, in a folder that all gateways share.
///
/// A file comes into being under `incoming/` and gets its place, `<two digits>/<id>`, when it is whole and on the disk:
/// what a killed node leaves behind lies in `incoming/` only, and is swept.
package struct FileFolder: FileStore, Sendable {
    /// What has lain in `incoming/` untouched for so many seconds belongs to nobody any more.
    private static let abandoned = 24 * 3_600

    private let path: String

    /// Checks that the folder can be written to. For start-up only: it blocks.
    package init(path: String) throws(SystemError) {
        self.path = path
        try DiskFile.makeFolder(incoming)
        let trial = incoming + "/" + UUID.random().description
        let file = try DiskFile(creating: trial)
        file.close()
        try DiskFile.remove(trial)
    }

    private var incoming: String { path + "/incoming" }
    private func folder(of id: UUID) -> String { "\(path)/\(id.description.prefix(2))" }
    private func place(of id: UUID) -> String { "\(folder(of: id))/\(id)" }

    package func begin(_ id: UUID) async throws(FileStoreError) -> any IncomingFile {
        let temporary = "\(incoming)/\(id)"
        let (folder, place) = (folder(of: id), place(of: id))
        let parent = path
        return try await BlockingPool.shared.disk { () throws(SystemError) in
            FolderUpload(
                file: try DiskFile(creating: temporary), temporary: temporary, parent: parent, folder: folder,
                place: place)
        }
    }

    package func open(_ id: UUID, _ part: Range<Int64>) async throws(FileStoreError) -> any StoredFile {
        let place = place(of: id)
        let file = try await BlockingPool.shared.disk { () throws(SystemError) in try DiskFile(reading: place) }
        return FolderFile(file, part)
    }

    package func remove(_ id: UUID) async throws(FileStoreError) {
        let place = place(of: id)
        try await BlockingPool.shared.disk { () throws(SystemError) in try DiskFile.remove(place) }
    }

    package func sweep() async throws(FileStoreError) -> Int {
        let incoming = incoming
        return try await BlockingPool.shared.disk { () throws(SystemError) in
            let left = try DiskFile.names(in: incoming).filter { $0.age > Self.abandoned }
            for (name, _) in left { try DiskFile.remove(incoming + "/" + name) }
            return left.count
        }
    }
}

/// A file that is being uploaded into a folder.
private struct FolderUpload: IncomingFile, Sendable {
    let file: DiskFile
    let temporary: String
    let parent: String
    let folder: String
    let place: String

    func append(_ bytes: [UInt8]) async throws(FileStoreError) {
        try await BlockingPool.shared.disk { () throws(SystemError) in try file.append(bytes) }
    }

    func keep() async throws(FileStoreError) {
        try await BlockingPool.shared.disk { () throws(SystemError) in
            try file.synchronize()
            try DiskFile.makeFolder(folder)
            try DiskFile.move(temporary, to: place)
            try DiskFile.synchronizeFolder(folder)
            try DiskFile.synchronizeFolder(parent)
            file.close()
        }
    }

    func discard() async {
        try? await BlockingPool.shared.disk { () throws(SystemError) in
            file.close()
            try? DiskFile.remove(place)
            try DiskFile.remove(temporary)
        }
    }
}

/// A part of a file in a folder.
private final class FolderFile: StoredFile {
    private let file: DiskFile
    private var left: Range<Int64>

    init(_ file: DiskFile, _ part: Range<Int64>) {
        self.file = file
        left = part
    }

    deinit {
        file.close()
    }

    func read(_ count: Int) async throws(FileStoreError) -> [UInt8] {
        let (file, offset, wanted) = (file, left.lowerBound, min(count, left.count))
        let bytes = try await BlockingPool.shared.disk { () throws(SystemError) in try file.read(wanted, from: offset) }
        left = (offset + Int64(bytes.count))..<left.upperBound
        return bytes
    }
}
