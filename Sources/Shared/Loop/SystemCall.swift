internal import CLinux
internal import Glibc

/// A failed system call: its name and errno.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The call that failed.
    public let call: StaticString
    /// The error number, see errno(3).
    public let number: Int32

    /// Makes an error for a call from the errno that it left.
    public init(_ call: StaticString, _ number: Int32) {
        self.call = call
        self.number = number
    }

    /// Errors are the same when their errno is.
    public static func == (left: SystemError, right: SystemError) -> Bool { left.number == right.number }

    /// The call and the text of its errno.
    public var description: String { "\(call): \(String(cString: strerror(number)))" }
}

/// What a call on a non-blocking descriptor came to.
public enum IOResult: Equatable {
    /// So many bytes moved; 0 from a read is the end of the stream.
    case count(Int)
    /// The kernel would have to wait: try again when epoll says so.
    case wouldBlock
    /// Nothing more is read before the socket takes what TLS has to send first: try again when it is writable.
    case wantsWrite
    /// The connection is unusable; the errno says why.
    case failed(Int32)
}

/// The one place where system calls are made: EINTR is retried, EAGAIN is a value, errnos that only a mistake of ours can cause
/// are reported as defects.
public enum SystemCall {
    /// Runs a call that returns -1 on error until it isn't interrupted.
    public static func io(_ descriptor: Int32, _ call: () -> Int) -> IOResult {
        let result = attempt(call)
        // The caller takes it for the end of this descriptor's connection, which it is.
        if case .failed(let number) = result, number == EBADF || number == EFAULT {
            Defect.report("a descriptor or buffer that isn't ours", number: number, descriptor: descriptor)
        }
        return result
    }

    /// The same for a descriptor that isn't ours to know, such as a standard stream, which may be closed.
    static func attempt(_ call: () -> Int) -> IOResult {
        while true {
            let count = call()
            if count >= 0 { return .count(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            default: return .failed(errno)
            }
        }
    }

    /// Runs a call that returns -1 on error, and throws its errno.
    @discardableResult
    public static func checked(_ name: StaticString, _ call: () -> Int32) throws(SystemError) -> Int32 {
        while true {
            let result = call()
            if result >= 0 { return result }
            if errno == EINTR { continue }
            throw SystemError(name, errno)
        }
    }

    /// Receives into `buffer` from its start; at most `buffer.count` bytes.
    public static func receive(_ descriptor: Int32, into buffer: inout [UInt8]) -> IOResult {
        buffer.withUnsafeMutableBytes { bytes in io(descriptor) { recv(descriptor, bytes.baseAddress, bytes.count, 0) }
        }
    }

    /// Looks at what has come in without taking it.
    public static func peek(_ descriptor: Int32, into buffer: inout [UInt8]) -> IOResult {
        buffer.withUnsafeMutableBytes { bytes in
            io(descriptor) { recv(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_PEEK)) }
        }
    }

    /// Takes exactly `count` bytes that have come in; false when they aren't there.
    public static func discard(_ descriptor: Int32, _ count: Int, _ scratch: inout [UInt8]) -> Bool {
        scratch.withUnsafeMutableBytes { bytes in io(descriptor) { recv(descriptor, bytes.baseAddress, count, 0) } }
            == .count(count)
    }

    /// Sends bytes from `offset` on, without SIGPIPE.
    public static func send(_ descriptor: Int32, _ bytes: [UInt8], from offset: Int) -> IOResult {
        bytes.withUnsafeBytes { all in
            let rest = UnsafeRawBufferPointer(rebasing: all[offset...])
            return io(descriptor) { Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL)) }
        }
    }

    /// Closes a descriptor; on Linux it is closed even when interrupted.
    public static func close(_ descriptor: Int32) {
        _ = Glibc.close(descriptor)
    }
}
