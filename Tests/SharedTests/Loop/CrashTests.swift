import Testing

@testable import Shared

#if DEBUG
/// In a process of its own each: what is tested ends it.
@Suite struct CrashTests {
    /// The line is the last thing that the process says; what it says, an operator greps for.
    @Test func theLastLineTellsSignalLoopAndPlace() async throws {
        let result = try #require(
            await #expect(processExitsWith: .failure, observing: [\.standardOutputContent]) {
                CrashLog.start(format: .json, base: [(.node, "n-1")])
                let loop = try EventLoop(index: 3)
                loop.schedule(after: 0) {
                    let end = [Int.max].map { $0 }
                    _ = end[0] + 1
                }
                loop.run()
            })
        let text = String(decoding: result.standardOutputContent, as: UTF8.self)
        let line = try #require(text.split(separator: "\n").first { $0.contains("crashed") })
        let fields = try #require(try JSONParser.parse(Array(line.utf8)).object)
        #expect(fields["level"]?.string == "error" && fields["node"]?.string == "n-1")
        #expect(["SIGILL", "SIGTRAP"].contains(fields["signal"]?.string) && fields["loop"]?.integer == 3)
        #expect(fields["module"]?.string != nil && fields["offset"]?.string?.hasPrefix("0x") == true)
        #expect(fields["time"]?.string.flatMap { RFC3339.parse($0) } != nil)
    }

    @Test func aDefectStopsADebugBuildAndIsToldBefore() async throws {
        let result = try #require(
            await #expect(processExitsWith: .failure, observing: [\.standardOutputContent]) {
                Defect.log(format: .logfmt, base: [(.node, "n-1")])
                var buffer = [UInt8](repeating: 0, count: 8)
                _ = SystemCall.receive(999_999, into: &buffer)
            })
        let text = String(decoding: result.standardOutputContent, as: UTF8.self)
        #expect(text.contains("level=error msg=defect node=n-1") && text.contains("descriptor=999999 count=1"))
    }
}
#endif
