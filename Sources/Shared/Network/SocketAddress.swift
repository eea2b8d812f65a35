internal import CLinux
internal import Glibc

/// An IPv4 or IPv6 address with a port.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    /// The address as text, without brackets, as the kernel writes it: equal addresses have equal texts.
    public let host: String
    /// The port.
    public let port: UInt16
    /// Whether the address is IPv6.
    public var isIPv6: Bool { host.utf8.contains(UInt8(ascii: ":")) }

    /// Makes an address from a literal; nil when `host` isn't an IPv4 or IPv6 literal.
    public init?(literal host: String, port: UInt16) {
        // C's functions would read only up to a zero byte.
        guard !host.utf8.contains(0) else { return nil }
        var four = in_addr()
        var six = in6_addr()
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if inet_pton(AF_INET, host, &four) == 1 {
            inet_ntop(AF_INET, &four, &text, socklen_t(text.count))
        } else if inet_pton(AF_INET6, host, &six) == 1 {
            inet_ntop(AF_INET6, &six, &text, socklen_t(text.count))
        } else {
            return nil
        }
        self.host = Self.string(text)
        self.port = port
    }

    /// The address with its port, IPv6 in brackets.
    public var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Reads the address that the kernel filled in; nil for other families.
    init?(_ storage: sockaddr_storage) {
        var storage = storage
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = Int32(storage.ss_family)
        let found: (UInt16, Bool) = withUnsafeMutablePointer(to: &storage) { pointer in
            switch family {
            case AF_INET:
                pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                    inet_ntop(AF_INET, &address.pointee.sin_addr, &text, socklen_t(text.count))
                    return (UInt16(bigEndian: address.pointee.sin_port), true)
                }
            case AF_INET6:
                pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                    inet_ntop(AF_INET6, &address.pointee.sin6_addr, &text, socklen_t(text.count))
                    return (UInt16(bigEndian: address.pointee.sin6_port), true)
                }
            default: (0, false)
            }
        }
        guard found.1 else { return nil }
        host = Self.string(text)
        port = found.0
    }

    private static func string(_ text: [CChar]) -> String {
        text.withUnsafeBufferPointer { characters in
            characters.baseAddress.map { String(cString: $0) } ?? ""
        }
    }

    /// Calls `body` with the address in the kernel's form.
    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        if isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            inet_pton(AF_INET6, host, &address.sin6_addr)
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
