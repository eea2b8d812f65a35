internal import Synchronization

/// What only a mistake of ours can bring about, such as EBADF for a descriptor that we take for open.
///
/// It ends what it concerns, one connection say, and not the process with all that it serves; but it is never passed over in
/// silence: it is counted, told to whoever observes, and stops a debug build.
public struct Defect: Sendable {
    /// What happened.
    public let what: StaticString
    /// The call's errno, see errno(3); 0 where there is none.
    public let number: Int32
    /// The descriptor that is concerned; -1 where none is.
    public let descriptor: Int32

    private static let counter = Atomic<Int>(0)
    private static let observer = Locked<(@Sendable (Defect) -> Void)?>(nil)

    /// How many were reported since the process began.
    public static var count: Int { counter.load(ordering: .relaxed) }

    /// Has every later defect told to `body`, on the thread that met it.
    public static func observe(_ body: @escaping @Sendable (Defect) -> Void) {
        observer.withLock { $0 = body }
    }

    /// Reports a defect; the caller then ends what it concerns.
    static func report(_ what: StaticString, number: Int32 = 0, descriptor: Int32 = -1) {
        counter.wrappingAdd(1, ordering: .relaxed)
        let defect = Defect(what: what, number: number, descriptor: descriptor)
        if let tell = observer.withLock({ $0 }) { tell(defect) }
        assertionFailure("\(what): errno \(number), descriptor \(descriptor)")
    }
}
