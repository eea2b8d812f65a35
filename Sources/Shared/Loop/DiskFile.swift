internal import Glibc

/// A file on a disk, or on what is mounted like one. All calls block: they belong on the `BlockingPool`.
public struct DiskFile: Sendable {
    private let descriptor: Int32

    /// Opens a file for reading.
    public init(reading path: String) throws(SystemError) {
        descriptor = try SystemCall.checked("open") { Glibc.open(path, O_RDONLY | O_CLOEXEC) }
    }

    /// Makes a file that isn't there yet.
    public init(creating path: String) throws(SystemError) {
        descriptor = try SystemCall.checked("open") {
            Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        }
    }

    /// Makes a file that has no name in any folder, but lies on the disk of this one: it is gone once it is closed.
    public init(unnamedIn folder: String) throws(SystemError) {
        let path = "\(folder)/parley-\(UUID.random())"
        descriptor = try SystemCall.checked("open") {
            Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
        }
        do throws(SystemError) {
            try Self.remove(path)
        } catch {
            SystemCall.close(descriptor)
            throw error
        }
    }

    /// Cuts off all that was written.
    public func empty() throws(SystemError) {
        try SystemCall.checked("ftruncate") { ftruncate(descriptor, 0) }
    }

    /// Writes all bytes behind those that were written before.
    public func append(_ bytes: [UInt8]) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let result = rest.withUnsafeBytes { left in
                SystemCall.io(descriptor) { Glibc.write(descriptor, left.baseAddress, left.count) }
            }
            switch result {
            case .count(let count): rest = rest.dropFirst(count)
            case .wouldBlock, .wantsWrite: throw SystemError("write", EAGAIN)
            case .failed(let number): throw SystemError("write", number)
            }
        }
    }

    /// Reads up to `count` bytes from `offset` on; fewer only at the end.
    public func read(_ count: Int, from offset: Int64) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let result = bytes.withUnsafeMutableBytes { all in
                SystemCall.io(descriptor) {
                    pread(descriptor, all.baseAddress.map { $0 + filled }, count - filled, Int(offset) + filled)
                }
            }
            switch result {
            case .count(0): return Array(bytes[..<filled])
            case .count(let more): filled += more
            case .wouldBlock, .wantsWrite: throw SystemError("pread", EAGAIN)
            case .failed(let number): throw SystemError("pread", number)
            }
        }
        return bytes
    }

    /// Returns once everything is on the disk.
    public func synchronize() throws(SystemError) {
        try SystemCall.checked("fsync") { fsync(descriptor) }
    }

    /// Ends the use of the file.
    public func close() { SystemCall.close(descriptor) }

    // MARK: Names

    /// Makes a folder if it isn't there.
    public static func makeFolder(_ path: String) throws(SystemError) {
        do throws(SystemError) {
            try SystemCall.checked("mkdir") { mkdir(path, 0o750) }
        } catch {
            guard error.number == EEXIST else { throw error }
        }
    }

    /// Gives a file another name; whatever had that name is gone.
    public static func move(_ path: String, to other: String) throws(SystemError) {
        try SystemCall.checked("rename") { rename(path, other) }
    }

    /// Removes a file; it is no error where there is none.
    public static func remove(_ path: String) throws(SystemError) {
        do throws(SystemError) {
            try SystemCall.checked("unlink") { unlink(path) }
        } catch {
            guard error.number == ENOENT else { throw error }
        }
    }

    /// Returns once the names in a folder are on the disk.
    public static func synchronizeFolder(_ path: String) throws(SystemError) {
        let folder = try SystemCall.checked("open") { Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        defer { SystemCall.close(folder) }
        try SystemCall.checked("fsync") { fsync(folder) }
    }

    /// The names in a folder, with how many seconds ago each was changed last.
    public static func names(in path: String) throws(SystemError) -> [(name: String, age: Int)] {
        guard let folder = opendir(path) else { throw SystemError("opendir", errno) }
        defer { closedir(folder) }
        var names: [(String, Int)] = []
        let now = Int(time(nil))
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            var facts = stat()
            guard !name.hasPrefix("."), stat(path + "/" + name, &facts) == 0 else { continue }
            names.append((name, now - facts.st_mtim.tv_sec))
        }
        return names
    }
}
