internal import CLinux
internal import Glibc

/// Host names to addresses, off the loop, on a thread that nothing else blocks.
public enum Resolver {
    /// All addresses of a host name or literal, in the order in which to try them; none when there are none.
    public static func resolve(_ host: String, port: UInt16, on loop: EventLoop) async -> [SocketAddress] {
        if let literal = SocketAddress(literal: host, port: port) { return [literal] }
        return await withCheckedContinuation { continuation in
            BlockingPool.names.run {
                continuation.resume(returning: lookUp(host, port))
            } whenFull: {
                continuation.resume(returning: [])
            }
        }
    }

    /// In the system's order of preference (RFC 6724), each once.
    private static func lookUp(_ host: String, _ port: UInt16) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next {
            var storage = sockaddr_storage()
            memcpy(&storage, entry.pointee.ai_addr, Int(entry.pointee.ai_addrlen))
            if let address = SocketAddress(storage).flatMap({ SocketAddress(literal: $0.host, port: port) }),
                !addresses.contains(address)
            {
                addresses.append(address)
            }
            next = entry.pointee.ai_next
        }
        return addresses
    }
}
