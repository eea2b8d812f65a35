import Shared
import Testing

@testable import Shared

@Suite(.timeLimit(.minutes(1))) struct HTTPClientTests {
    private func call(
        _ server: StandIn, _ method: String = "GET", content: HTTPCall.Content = .none, idle: Int64 = 20_000
    )
        -> HTTPCall
    {
        HTTPCall(
            method: method, url: server.url + "a/b?c=d", headers: [("X-Mine", "1")], content: content,
            deadlines: HTTPDeadlines(connect: 2_000, idle: idle, total: 30_000))
    }

    @Test func aPartOfAFileGoesOutAndItsDigestComesBack() async throws {
        let server = try StandIn { peer in
            while let (head, content) = peer.request() {
                let digest = Hex.encode(SHA256.digest(content))
                _ = peer.send(
                    "HTTP/1.1 201 Created\r\nX-First: \(head.split(separator: "\r\n")[0])\r\nContent-Length: 64\r\n\r\n\(digest)"
                )
            }
        }
        defer { server.stop() }
        try await onLoop { loop in
            let client = try #require(HTTPClient(on: loop))
            let bytes = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let file = try ScratchFile(in: "/tmp")
            try file.append(bytes + [1, 2, 3])
            for _ in 0..<2 {
                let reply = try await client.send(self.call(server, "PUT", content: .file(file, bytes.count)))
                #expect(reply.status == 201 && reply.headers.first("x-first") == "PUT /a/b?c=d HTTP/1.1")
                #expect(try await reply.content(limit: 64) == Array(Hex.encode(SHA256.digest(bytes)).utf8))
            }
            let empty = try await client.send(self.call(server, "POST", content: .bytes([])))
            #expect(try await empty.content(limit: 64) == Array(S3Signer.emptyPayload.utf8))
            let long = try await client.send(self.call(server))
            await #expect(throws: HTTPCallError.self) { _ = try await long.content(limit: 63) }
        }
    }

    /// What the reader doesn't take stays at the server.
    @Test func aResponseWaitsForItsReader() async throws {
        let size = 64 << 20
        let sent = Locked(0)
        let isHeld = Locked(false)
        let server = try StandIn { peer in
            guard peer.request() != nil else { return }
            _ = peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            var left = size
            while left > 0 {
                let count = peer.send([UInt8](repeating: 7, count: min(left, 65_536)))
                left -= count
                sent.withLock { $0 += count }
                if count < 65_536 { isHeld.withLock { $0 = true } }
            }
        }
        defer { server.stop() }
        try await onLoop { loop in
            let client = try #require(HTTPClient(on: loop))
            let reply = try await client.send(self.call(server))
            #expect(try await eventually(loop) { isHeld.withLock { $0 } })
            // The rest is in the sockets of this machine.
            #expect(sent.withLock { $0 } < 16 << 20)
            var count = 0
            while let piece = try await reply.next() { count += piece.count }
            #expect(count == size)
        }
    }

    @Test func aReaderThatGoesEndsTheResponse() async throws {
        let isOver = Locked(false)
        let server = try StandIn { peer in
            guard peer.request() != nil else { return }
            _ = peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            let piece = [UInt8](repeating: 7, count: 65_536)
            var idle = 0
            // A connection that is closed takes nothing any more, at once; one that is held, for as long as this.
            while idle < 100 { idle = peer.send(piece) > 0 ? 0 : idle + (peer.isClosed ? 1_000 : 1) }
            isOver.withLock { $0 = idle >= 1_000 }
        }
        defer { server.stop() }
        try await onLoop { loop in
            let client = try #require(HTTPClient(on: loop))
            var reply: HTTPReply? = try await client.send(self.call(server))
            #expect(try await reply?.next() != nil)
            reply = nil
            #expect(try await eventually(loop) { isOver.withLock { $0 } })
        }
    }

    @Test func aServerThatIsStuckKeepsNobodyElse() async throws {
        let server = try StandIn { peer in
            while let (head, _) = peer.request() {
                // This one hears nothing.
                if head.hasPrefix("PUT") { _ = peer.request() }
                _ = peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            }
        }
        defer { server.stop() }
        try await onLoop { loop in
            let client = try #require(HTTPClient(on: loop))
            var problem: String?
            var answered = 0
            loop.spawn {
                do throws(HTTPCallError) {
                    _ = try await client.send(self.call(server, "PUT", content: .bytes([1]), idle: 1_000))
                } catch {
                    problem = error.description
                }
            }
            while problem == nil {
                #expect(try await client.send(self.call(server)).content(limit: 2) == Array("ok".utf8))
                answered += 1
                await loop.sleep(milliseconds: 20)
            }
            #expect(problem == "the server has been silent for 1000 ms" && answered > 20)
        }
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\nContent-Le", "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha",
        "HTTP/1.1 200 OK\r\nX: \(String(repeating: "y", count: 100_000))\r\n\r\n",
    ])
    func whatBreaksOffIsAnError(answer: String) async throws {
        let server = try StandIn { peer in
            guard peer.request() != nil else { return }
            _ = peer.send(answer)
        }
        defer { server.stop() }
        try await onLoop { loop in
            let client = try #require(HTTPClient(on: loop))
            await #expect(throws: HTTPCallError.self) {
                _ = try await client.send(self.call(server)).content(limit: 1_000)
            }
        }
    }

    @Test func nobodyThere() async throws {
        let server = try StandIn { _ in }
        server.stop()
        try await onLoop { loop in
            let client = try #require(HTTPClient(on: loop))
            await #expect(throws: HTTPCallError.self) { _ = try await client.send(self.call(server)) }
            var elsewhere = self.call(server)
            elsewhere.url = "http://no-such-name.invalid/"
            await #expect(throws: HTTPCallError.self) { _ = try await client.send(elsewhere) }
            elsewhere.url = "file:///etc/hostname"
            await #expect(throws: HTTPCallError.self) { _ = try await client.send(elsewhere) }
        }
    }
}
