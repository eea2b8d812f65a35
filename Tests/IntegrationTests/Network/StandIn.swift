import Glibc
import Shared

/// A server on this machine that treats each connection as a test tells it, one after the other, on a thread of its
/// own.
final class StandIn: Sendable {
    let port: UInt16
    private let listener: Int32

    init(_ serve: @escaping @Sendable (Peer) -> Void) throws {
        listener = try Socket.listen(on: SocketAddress(literal: "127.0.0.1", port: 0)!)
        // Unlike the loop's sockets this one may block.
        _ = fcntl(listener, F_SETFL, 0)
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        port = UInt16(bigEndian: address.sin_port)
        BlockingThread.run {
            while true {
                let accepted = accept(descriptor, nil, nil)
                guard accepted >= 0 else { return }
                BlockingThread.run {
                    serve(Peer(descriptor: accepted))
                    close(accepted)
                }
            }
        }
    }

    var url: String { "http://127.0.0.1:\(port)/" }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// One connection; its calls block.
    struct Peer: Sendable {
        let descriptor: Int32

        /// The next request's head and content; nil where there is none.
        func request() -> (head: String, content: [UInt8])? {
            var bytes: [UInt8] = []
            var end: Int?
            while end == nil {
                guard let more = receive() else { return nil }
                bytes += more
                end = (3..<max(3, bytes.count)).first { Array(bytes[$0 - 3...$0]) == Array("\r\n\r\n".utf8) }
            }
            guard let end else { return nil }
            let head = String(decoding: bytes[...end], as: UTF8.self)
            let length = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
            let count = length.flatMap { Int($0.drop { $0 != ":" }.dropFirst().drop { $0 == " " }) } ?? 0
            if head.contains("100-continue") { _ = send("HTTP/1.1 100 Continue\r\n\r\n") }
            var content = Array(bytes[(end + 1)...])
            while content.count < count {
                guard let more = receive() else { return nil }
                content += more
            }
            return (head, content)
        }

        private func receive() -> [UInt8]? {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            return count > 0 ? Array(buffer[..<count]) : nil
        }

        /// Whether everything was taken.
        func send(_ text: String) -> Bool { send(Array(text.utf8)) == text.utf8.count }

        /// Whether the client has closed the connection, as far as that was heard.
        var isClosed: Bool {
            var byte: UInt8 = 0
            let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
            return count == 0 || (count < 0 && errno != EAGAIN)
        }

        /// How many bytes were taken before the client was gone, or took nothing for 200 ms.
        func send(_ bytes: [UInt8]) -> Int {
            var patience = timeval(tv_sec: 0, tv_usec: 200_000)
            setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
            var sent = 0
            while sent < bytes.count {
                let rest = bytes[sent...]
                let count = rest.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { break }
                sent += count
            }
            return sent
        }
    }
}

/// Work on a thread of its own, which ends with it.
enum BlockingThread {
    private final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    static func run(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
                return nil
            }, Unmanaged.passRetained(Work(body)).toOpaque())
        pthread_detach(thread)
    }
}
