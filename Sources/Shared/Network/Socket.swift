internal import CLinux
internal import Glibc

/// Non-blocking TCP sockets (`SOCK_NONBLOCK`, `SOCK_CLOEXEC`).
public enum Socket {
    /// Opens a listener; with `sharesPort` several loops listen on one port and the kernel spreads the connections.
    public static func listen(on address: SocketAddress, backlog: Int32 = 4096) throws(SystemError) -> Int32 {
        let descriptor = try open(address)
        do throws(SystemError) {
            try set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
            try set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1)
            try SystemCall.checked("bind") {
                address.withSocketAddress { pointer, length in bind(descriptor, pointer, length) }
            }
            try SystemCall.checked("listen") { Glibc.listen(descriptor, backlog) }
            return descriptor
        } catch {
            SystemCall.close(descriptor)
            throw error
        }
    }

    /// Whether nothing listens on the address yet: SO_REUSEPORT alone would quietly share it with a stranger.
    public static func isFree(_ address: SocketAddress) throws(SystemError) -> Bool {
        let descriptor = try open(address)
        defer { SystemCall.close(descriptor) }
        try set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        return address.withSocketAddress { pointer, length in bind(descriptor, pointer, length) == 0 }
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
