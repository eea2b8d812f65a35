/// A file without a name, for what is on its way through: it is gone with its last reference, and with the process.
package final class ScratchFile: Sendable {
    private let file: DiskFile

    /// Makes one on the disk of a folder. It blocks.
    package init(in folder: String) throws(SystemError) {
        file = try DiskFile(unnamedIn: folder)
    }

    deinit {
        file.close()
    }

    /// Writes all bytes behind those that were written before. It blocks.
    package func append(_ bytes: [UInt8]) throws(SystemError) { try file.append(bytes) }

    /// Reads up to `count` bytes from `offset` on; fewer only at the end. It blocks.
    package func read(_ count: Int, from offset: Int64) throws(SystemError) -> [UInt8] {
        try file.read(count, from: offset)
    }

    /// Leaves nothing in it. It blocks.
    package func empty() throws(SystemError) { try file.empty() }
}
