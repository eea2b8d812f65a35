internal import Shared

/// The bytes of uploaded files, in a folder that all gateways share.
///
/// A file comes into being under `incoming/` and gets its place, `<two digits>/<id>`, when it is whole and on the disk: what a killed
/// node leaves behind lies in `incoming/` only, and is swept.
struct FileFolder: Sendable {
    /// What has lain in `incoming/` untouched for so many seconds belongs to nobody any more.
    private static let abandoned = 24 * 3_600

    private let path: String

    /// Checks that the folder can be written to. For start-up only: it blocks.
    init(path: String) throws(SystemError) {
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

    /// Begins a file; it ends with `keep` or `discard`.
    func begin(_ id: UUID) async throws(SystemError) -> IncomingFile {
        let temporary = "\(incoming)/\(id)"
        let (folder, place) = (folder(of: id), place(of: id))
        let parent = path
        return try await BlockingPool.shared.run { () throws(SystemError) in
            IncomingFile(
                file: try DiskFile(creating: temporary), temporary: temporary, parent: parent, folder: folder,
                place: place)
        }
    }

    func open(_ id: UUID) async throws(SystemError) -> DiskFile {
        let place = place(of: id)
        return try await BlockingPool.shared.run { () throws(SystemError) in try DiskFile(reading: place) }
    }

    func remove(_ id: UUID) async throws(SystemError) {
        let place = place(of: id)
        try await BlockingPool.shared.run { () throws(SystemError) in try DiskFile.remove(place) }
    }

    /// Removes what killed nodes have left; returns how many files that were.
    func sweep() async throws(SystemError) -> Int {
        let incoming = incoming
        return try await BlockingPool.shared.run { () throws(SystemError) in
            let left = try DiskFile.names(in: incoming).filter { $0.age > Self.abandoned }
            for (name, _) in left { try DiskFile.remove(incoming + "/" + name) }
            return left.count
        }
    }
}

/// A file that is being uploaded.
struct IncomingFile: Sendable {
    fileprivate let file: DiskFile
    fileprivate let temporary: String
    fileprivate let parent: String
    fileprivate let folder: String
    fileprivate let place: String

    func append(_ bytes: [UInt8]) async throws(SystemError) {
        try await BlockingPool.shared.run { () throws(SystemError) in try file.append(bytes) }
    }

    /// Returns once the file is in its place on the disk; where that fails it has to be discarded.
    func keep() async throws(SystemError) {
        try await BlockingPool.shared.run { () throws(SystemError) in
            try file.synchronize()
            try DiskFile.makeFolder(folder)
            try DiskFile.move(temporary, to: place)
            try DiskFile.synchronizeFolder(folder)
            try DiskFile.synchronizeFolder(parent)
            file.close()
        }
    }

    /// Leaves nothing of the file, however far it has come.
    func discard() async {
        try? await BlockingPool.shared.run { () throws(SystemError) in
            file.close()
            try? DiskFile.remove(place)
            try DiskFile.remove(temporary)
        }
    }
}
