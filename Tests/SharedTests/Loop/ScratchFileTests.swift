import Glibc
import Testing

@testable import Shared

@Suite struct ScratchFileTests {
    @Test func itHasNoNameAndCanBeginAnew() throws {
        let folder = "/tmp/parley-scratch-\(UUID.random())"
        try DiskFile.makeFolder(folder)
        defer { rmdir(folder) }
        let file = try ScratchFile(in: folder)
        try file.append([1, 2, 3])
        #expect(try DiskFile.names(in: folder).isEmpty)
        #expect(try file.read(10, from: 1) == [2, 3])
        try file.empty()
        try file.append([4])
        #expect(try file.read(10, from: 0) == [4])
        #expect(throws: SystemError.self) { try ScratchFile(in: folder + "/none") }
    }
}
