internal import Glibc

/// A descriptor that several loops write log lines to, whole lines and without ever waiting for whoever reads them.
final class LogOutput: Sendable {
    private static let standardOutput = LogOutput(descriptor: STDOUT_FILENO)
    private static let standardError = LogOutput(descriptor: STDERR_FILENO)

    private enum Kind { case socket, ready, mayBlock, unusable }

    private let descriptor: Int32
    private let kind: Kind
    private let ownsDescriptor: Bool
    /// The rest of a line of which the kernel took a part: it must be out before any loop's next line. The lock is held
    /// for a write that doesn't wait.
    private let unfinished = Locked<[UInt8]>([])

    /// The output of a descriptor; loops that write to the same standard stream share it.
    static func of(_ descriptor: Int32) -> LogOutput {
        switch descriptor {
        case STDOUT_FILENO: standardOutput
        case STDERR_FILENO: standardError
        default: LogOutput(descriptor: descriptor)
        }
    }

    private init(descriptor: Int32) {
        var status = stat()
        let type = fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
        // O_NONBLOCK belongs to the open file, which a shell or a container's runtime shares with us. So a pipe is
        // opened a second time with a flag of our own. That fails where another user made the pipe: then poll(2) has to
        // do, which promises only one page.
        let reopened = type == S_IFIFO ? open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1
        ownsDescriptor = reopened >= 0
        self.descriptor = reopened >= 0 ? reopened : descriptor
        kind =
            switch type {
            case 0: .unusable
            case S_IFSOCK: .socket
            case S_IFREG: .ready
            default: reopened >= 0 ? .ready : .mayBlock
            }
    }

    deinit {
        if ownsDescriptor { SystemCall.close(descriptor) }
    }

    /// Writes whole lines; returns how many bytes are taken care of, up to the end of a line, and whether all of those
    /// are out. Nil says that the descriptor is of no use and the bytes may as well be thrown away.
    func write(_ lines: [UInt8]) -> (count: Int, isOut: Bool)? {
        unfinished.withLock { rest in
            if !rest.isEmpty {
                switch put(rest) {
                case .count(let count): rest.removeFirst(count)
                case .wouldBlock, .wantsWrite: return (0, false)
                case .failed:
                    rest = []
                    return nil
                }
                guard rest.isEmpty else { return (0, false) }
            }
            guard !lines.isEmpty else { return (0, true) }
            switch put(lines) {
            case .count(let count):
                if count == 0 || lines[count - 1] == UInt8(ascii: "\n") { return (count, true) }
                let end = lines[count...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? lines.count
                rest = Array(lines[count..<end])
                return (end, false)
            case .wouldBlock, .wantsWrite: return (0, true)
            case .failed: return nil
            }
        }
    }

    private func put(_ bytes: [UInt8]) -> IOResult {
        bytes.withUnsafeBytes { all in
            switch kind {
            case .unusable: return .failed(EBADF)
            case .socket:
                return SystemCall.attempt {
                    send(descriptor, all.baseAddress, all.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
                }
            case .mayBlock:
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                guard poll(&waiting, 1, 0) == 1 else { return .wouldBlock }
                return SystemCall.attempt { Glibc.write(descriptor, all.baseAddress, all.count) }
            case .ready: return SystemCall.attempt { Glibc.write(descriptor, all.baseAddress, all.count) }
            }
        }
    }
}
