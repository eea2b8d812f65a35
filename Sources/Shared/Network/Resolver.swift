internal import CLinux
internal import Glibc

/// Host names to addresses, off the loop.
public enum Resolver {
    /// The first address of a host name or literal; nil when there is none.
    public static func resolve(_ host: String, port: UInt16, on loop: EventLoop) async -> SocketAddress? {
        if let literal = SocketAddress(literal: host, port: port) { return literal }
        return await withCheckedContinuation { continuation in
            BlockingPool.shared.run {
                continuation.resume(returning: lookUp(host, port))
            } whenFull: {
                continuation.resume(returning: nil)
            }
        }
    }

    private static func lookUp(_ host: String, _ port: UInt16) -> SocketAddress? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return nil }
        defer { freeaddrinfo(list) }
        var next = list
        while let entry = next {
            var storage = sockaddr_storage()
            memcpy(&storage, entry.pointee.ai_addr, Int(entry.pointee.ai_addrlen))
            if let address = SocketAddress(storage) { return SocketAddress(literal: address.host, port: port) }
            next = entry.pointee.ai_next
        }
        return nil
    }
}
