internal import Glibc

/// Where a process runs, so that another on the same machine can tell whether it still does.
public struct ProcessPlace: Sendable, Equatable {
    /// This boot of the machine and this space of process ids; empty where that can't be told.
    public let space: String
    /// The process id in that space.
    public let id: Int32

    /// A process of a space.
    public init(space: String, id: Int32) {
        self.space = space
        self.id = id
    }

    /// This process. It reads files: for the start.
    public static let current = ProcessPlace(space: currentSpace, id: getpid())

    private static var currentSpace: String {
        guard let boot = Process.readFile("/proc/sys/kernel/random/boot_id") else { return "" }
        var buffer = [CChar](repeating: 0, count: 64)
        guard readlink("/proc/self/ns/pid", &buffer, buffer.count - 1) > 0 else { return "" }
        let names = String(decoding: boot.filter { $0 > 0x20 }, as: UTF8.self)
        return names + " " + String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether a process has surely ended: it ran here, and does no more.
    public var hasEnded: Bool {
        guard !space.isEmpty, space == Self.current.space, id > 0 else { return false }
        // The number may be this process' own by now.
        return id == Self.current.id || (kill(id, 0) != 0 && errno == ESRCH)
    }
}
