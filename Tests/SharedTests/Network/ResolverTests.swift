import Glibc
import Testing

@testable import Shared

@Suite struct ResolverTests {
    private func resolve(_ host: String) async throws -> [SocketAddress] {
        let loop = try EventLoop()
        let thread = LoopThread(loop) {}
        let found: [SocketAddress] = await withCheckedContinuation { continuation in
            loop.post {
                loop.spawn {
                    continuation.resume(returning: await Resolver.resolve(host, port: 80, on: loop))
                    loop.stop()
                }
            }
        }
        thread.join()
        return found
    }

    @Test func aLiteralIsItself() async throws {
        #expect(try await resolve("10.0.0.1").map(\.description) == ["10.0.0.1:80"])
        #expect(try await resolve("::1").map(\.description) == ["[::1]:80"])
    }

    /// A folder on a network that hangs must not keep anybody from finding Redis again.
    @Test(.timeLimit(.minutes(1))) func aBusyDiskKeepsNobodyFromResolving() async throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        for _ in 0..<2 {
            BlockingPool.shared.run(
                {
                    var byte: UInt8 = 0
                    // Until the other end is closed.
                    _ = read(reading, &byte, 1)
                }, whenFull: {})
        }
        let found = try await resolve("localhost")
        close(writing)
        #expect(!found.isEmpty && Set(found).count == found.count)
    }
}
