import Glibc
import Testing

@testable import Shared

@Suite struct ProcessEnvironmentTests {
    @Test func knowsTheVariablesThatTheLibraryKnows() {
        let variables = ProcessEnvironment.variables
        #expect(!variables.isEmpty)
        for (name, value) in variables {
            #expect(getenv(name).map { String(cString: $0) } == value)
        }
    }

    @Test func leavesOutTheProgramsName() {
        #expect(ProcessEnvironment.arguments.count == CommandLine.arguments.count - 1)
    }

    @Test func writesEverythingToTheStream() {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        StandardStreams.writeAll("one\ntwö\n", to: ends[1])
        close(ends[1])
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = read(ends[0], &buffer, buffer.count)
        close(ends[0])
        #expect(String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self) == "one\ntwö\n")
    }

    @Test func givesUpOnAClosedStream() {
        StandardStreams.writeAll("nobody reads this", to: -1)
    }
}
