internal import CLinux
internal import Glibc

/// Non-blocking TCP sockets (`SOCK_NONBLOCK`, `SOCK_CLOEXEC`).
public enum Socket {
    /// With whom a listener shares its port.
    public enum Sharing: Sendable {
        /// With nobody that listens already: it is an error where somebody does. Those that join may come behind.
        case claims
        /// With a listener of this process that has claimed the port: the kernel spreads the connections over them.
        case joins
    }

    /// Opens a listener. The first of a process claims the port and the others join it: SO_REUSEPORT from the beginning would share it
    /// without a word with another process that has set it, too. EADDRINUSE is thrown where somebody listens already.
    public static func listen(
        on address: SocketAddress, sharing: Sharing = .claims, backlog: Int32 = 4096
    ) throws(SystemError) -> Int32 {
        let descriptor = try open(address)
        do throws(SystemError) {
            try set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
            if sharing == .joins { try set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
            try SystemCall.checked("bind") {
                address.withSocketAddress { pointer, length in bind(descriptor, pointer, length) }
            }
            // With SO_REUSEADDR two may bind at the same moment; only one of them can listen.
            try SystemCall.checked("listen") { Glibc.listen(descriptor, backlog) }
            if sharing == .claims { try set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
            return descriptor
        } catch {
            SystemCall.close(descriptor)
            throw error
        }
    }

    /// Throws what `listen(on:)` would throw, EADDRINUSE where somebody listens already, without listening.
    public static func checkIsFree(_ address: SocketAddress) throws(SystemError) {
        let descriptor = try open(address)
        defer { SystemCall.close(descriptor) }
        try set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        try SystemCall.checked("bind") {
            address.withSocketAddress { pointer, length in bind(descriptor, pointer, length) }
        }
    }

    /// Starts to connect; the socket becomes writable when it is decided, see `connectError`.
    public static func connect(to address: SocketAddress) throws(SystemError) -> Int32 {
        let descriptor = try open(address)
        do throws(SystemError) {
            try set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
            let result = address.withSocketAddress { pointer, length in Glibc.connect(descriptor, pointer, length) }
            if result < 0 && errno != EINPROGRESS { throw SystemError("connect", errno) }
            return descriptor
        } catch {
            SystemCall.close(descriptor)
            throw error
        }
    }

    /// The errno of a finished connect; 0 when it succeeded.
    public static func connectError(_ descriptor: Int32) -> Int32 {
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        return error
    }

    /// A connection that was accepted.
    public struct Accepted: Sendable {
        /// The connection's descriptor.
        public let descriptor: Int32
        /// The peer's address.
        public let peer: SocketAddress?
    }

    /// Takes the next connection off a listener's queue; nil when there is none. Throws EMFILE and the like.
    public static func accept(_ listener: Int32) throws(SystemError) -> Accepted? {
        while true {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let descriptor = parley_accept(listener, &storage, &length)
            if descriptor >= 0 {
                try? set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
                return Accepted(descriptor: descriptor, peer: SocketAddress(storage))
            }
            switch errno {
            case EAGAIN: return nil
            case EINTR, ECONNABORTED: continue
            default: throw SystemError("accept4", errno)
            }
        }
    }

    /// How many bytes have to wait for the socket to count as readable; 1 is the kernel's default (SO_RCVLOWAT).
    public static func setReceiveThreshold(_ descriptor: Int32, _ count: Int) {
        try? set(descriptor, SOL_SOCKET, SO_RCVLOWAT, Int32(clamping: count))
    }

    private static func open(_ address: SocketAddress) throws(SystemError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        return try SystemCall.checked("socket") { socket(address.isIPv6 ? AF_INET6 : AF_INET, type, 0) }
    }

    private static func set(
        _ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32
    ) throws(SystemError) {
        var value = value
        try SystemCall.checked("setsockopt") {
            setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
    }
}
