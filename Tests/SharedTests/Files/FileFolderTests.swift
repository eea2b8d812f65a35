import Glibc
import Testing

@testable import Shared

@Suite struct FileFolderTests {
    private let path = "/tmp/parley-files-\(UUID.random())"

    private func withFolder(_ body: (FileFolder) async throws -> Void) async throws {
        try DiskFile.makeFolder(path)
        try await body(try FileFolder(path: path))
        for folder in try DiskFile.names(in: path) {
            for file in try DiskFile.names(in: "\(path)/\(folder.name)") {
                try DiskFile.remove("\(path)/\(folder.name)/\(file.name)")
            }
            #expect(rmdir("\(path)/\(folder.name)") == 0)
        }
        #expect(rmdir(path) == 0)
    }

    @Test func anyPartOfWhatWasKeptComesBack() async throws {
        try await withFolder { folder in
            let id = UUID.random()
            let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let file = try await folder.begin(id)
            try await file.append(Array(bytes[..<70_000]))
            try await file.append(Array(bytes[70_000...]))
            try await file.keep()
            let part = try await folder.open(id, 65_000..<90_000)
            #expect(try await part.read(20_000) == Array(bytes[65_000..<85_000]))
            #expect(try await part.read(20_000) == Array(bytes[85_000..<90_000]))
            #expect(try await part.read(1) == [])
            // What is shorter than it should be is told by what is read, not by opening it.
            #expect(try await folder.open(id, 99_999..<200_000).read(10) == [bytes[99_999]])
            try await folder.remove(id)
            try await folder.remove(id)
            await #expect(throws: FileStoreError.self) { _ = try await folder.open(id, 0..<1) }
        }
    }

    @Test func whatIsDiscardedIsNowhere() async throws {
        try await withFolder { folder in
            let id = UUID.random()
            let file = try await folder.begin(id)
            try await file.append([1])
            await file.discard()
            #expect(try DiskFile.names(in: path + "/incoming").isEmpty)
            await #expect(throws: FileStoreError.self) { _ = try await folder.open(id, 0..<1) }
        }
    }
}

@Suite struct FilesLocationTests {
    @Test func aFolderIsNamedByItsURL() {
        #expect(FilesLocation(url: "file:///srv/parley%20files") == .folder("/srv/parley files"))
        for other in ["file://host/path", "file:/srv", "file:///", "/srv", "file:///a%0", "file:///a%00b", "ftp://a/b"]
        {
            #expect(FilesLocation(url: other) == nil)
        }
    }
}
