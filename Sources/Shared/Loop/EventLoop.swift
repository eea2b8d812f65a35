internal import CLinux
internal import Glibc
internal import Synchronization

/// What epoll reported for a descriptor.
public struct ReadyEvents: OptionSet, Sendable {
    /// The bits of epoll_event.events.
    public let rawValue: UInt32
    /// Makes a set from epoll bits.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Bytes to read, a connection to accept, or the end of the stream.
    public static let readable = ReadyEvents(rawValue: EPOLLIN.rawValue)
    /// Room to write, or a finished connect.
    public static let writable = ReadyEvents(rawValue: EPOLLOUT.rawValue)
    /// Both directions are shut.
    public static let hangup = ReadyEvents(rawValue: EPOLLHUP.rawValue)
    /// An error is pending on the socket.
    public static let error = ReadyEvents(rawValue: EPOLLERR.rawValue)
}

/// Something that owns a descriptor and is told when it is ready, on its loop's thread.
public protocol EventHandler: AnyObject {
    /// Called once per turn in which epoll reported something for the descriptor.
    func ready(_ events: ReadyEvents)
}

/// A registered descriptor: slot and generation, so that a late event can't reach a descriptor's successor.
public struct Registration: Hashable, Sendable {
    let slot: UInt32
    let generation: UInt32

    var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}

/// One thread and one epoll instance. Everything that is bound to a loop is touched by its thread only.
///
/// A turn: ready descriptors, posted work, jobs of async functions, timers, then the end-of-turn steps in the order of
/// their phase. Unchecked because the compiler can't see the confinement: all state except `remote` (guarded by its mutex)
/// and the eventfd is touched only by the thread that runs `run()`, or before that thread starts.
public final class EventLoop: @unchecked Sendable {
    /// The steps that close a turn, in this order: what one produces, the next ones carry out.
    public enum Phase: Int, CaseIterable, Sendable {
        /// Collected commands become batches.
        case batch
        /// Collected events become one post per loop.
        case relay
        /// Collected output leaves, one write per descriptor.
        case flush
        /// Log lines leave.
        case log
    }

    /// The loop's number in its group, from 0.
    public let index: Int
    /// Milliseconds of the monotonic clock at the start of this turn.
    public private(set) var now: Int64
    /// The same in nanoseconds.
    public private(set) var turnStart: Int64
    /// Told at the end of each turn how long it took in nanoseconds, without the wait before it, and when it began (monotonic ms).
    var turnEnded: (_ nanoseconds: Int64, _ began: Int64) -> Void = { _, _ in }
    /// A buffer that any handler may read into for the length of one call; it belongs to nobody between calls.
    public var scratch = [UInt8](repeating: 0, count: 64 * 1024)

    private struct Slot {
        var generation: UInt32 = 0
        var descriptor: Int32 = -1
        var owner: (any EventHandler)?
    }

    private let epoll: Int32
    private let wakeup: Int32
    private var slots: [Slot] = []
    private var freeSlots: [UInt32] = []
    private var endSteps: [[() -> Void]] = Array(repeating: [], count: Phase.allCases.count)
    private var isRunning = false
    private let threadID = Atomic<UInt>(0)

    var timers = TimerQueue()
    var jobs: [UnownedJob] = []
    let remote = Locked<RemoteWork>(RemoteWork())

    /// What other threads left for this one.
    struct RemoteWork {
        var posts: [@Sendable () -> Void] = []
        var jobs: [UnownedJob] = []
        var isWoken = false
    }

    /// Makes a loop; `run()` makes the calling thread its thread.
    public init(index: Int = 0) throws(SystemError) {
        self.index = index
        turnStart = MonotonicClock.nowNanoseconds()
        now = turnStart / 1_000_000
        epoll = try SystemCall.checked("epoll_create1") { parley_epoll_create() }
        wakeup = try SystemCall.checked("eventfd") { parley_eventfd() }
        let descriptor = wakeup
        let instance = epoll
        try SystemCall.checked("epoll_ctl") {
            parley_epoll_control(instance, EPOLL_CTL_ADD, descriptor, EPOLLIN.rawValue, UInt64.max)
        }
    }

    deinit {
        SystemCall.close(epoll)
        SystemCall.close(wakeup)
    }

    /// Whether the calling thread is the one that runs this loop.
    public var isCurrent: Bool { threadID.load(ordering: .relaxed) == UInt(pthread_self()) }

    // MARK: Descriptors

    /// Starts to watch a descriptor for `interest`; errors and hang-ups are always reported. Keeps `handler` alive. Throws ENOMEM or
    /// ENOSPC where the kernel takes no more.
    public func register(
        _ descriptor: Int32, _ interest: ReadyEvents, _ handler: any EventHandler
    ) throws(SystemError) -> Registration {
        let index: UInt32
        if let free = freeSlots.popLast() {
            index = free
        } else {
            index = UInt32(slots.count)
            slots.append(Slot())
        }
        slots[Int(index)].descriptor = descriptor
        slots[Int(index)].owner = handler
        let registration = Registration(slot: index, generation: slots[Int(index)].generation)
        let result = control(EPOLL_CTL_ADD, descriptor, interest, registration)
        guard result == 0 else {
            free(registration)
            throw SystemError("epoll_ctl", result)
        }
        return registration
    }

    /// Changes what a registered descriptor is watched for.
    public func update(_ registration: Registration, _ interest: ReadyEvents) {
        guard slots[Int(registration.slot)].generation == registration.generation else { return }
        let descriptor = slots[Int(registration.slot)].descriptor
        let result = control(EPOLL_CTL_MOD, descriptor, interest, registration)
        guard result != 0 else { return }
        Defect.report("a descriptor that isn't watched", number: result, descriptor: descriptor)
        // Nothing would be heard of it any more: its owner looks for itself, and finds it unusable.
        schedule(after: 0) { [weak self] in self?.dispatch(registration.token, [.error, .hangup]) }
    }

    /// Stops watching; the descriptor stays open and is the caller's to close.
    public func deregister(_ registration: Registration) {
        guard slots[Int(registration.slot)].generation == registration.generation else { return }
        let descriptor = slots[Int(registration.slot)].descriptor
        let result = control(EPOLL_CTL_DEL, descriptor, [], registration)
        if result != 0 { Defect.report("a descriptor that isn't watched", number: result, descriptor: descriptor) }
        free(registration)
    }

    private func free(_ registration: Registration) {
        slots[Int(registration.slot)].generation &+= 1
        slots[Int(registration.slot)].owner = nil
        slots[Int(registration.slot)].descriptor = -1
        freeSlots.append(registration.slot)
    }

    /// The call's errno; 0 where it succeeded.
    private func control(
        _ operation: Int32, _ descriptor: Int32, _ interest: ReadyEvents, _ registration: Registration
    ) -> Int32 {
        parley_epoll_control(epoll, operation, descriptor, interest.rawValue, registration.token) == 0 ? 0 : errno
    }

    // MARK: Turns

    /// Adds a step to the end of every turn.
    public func atEndOfTurn(_ phase: Phase, _ step: @escaping () -> Void) {
        endSteps[phase.rawValue].append(step)
    }

    /// Hands work to the loop from any thread; it runs in the next turn, in the order of the posts.
    public func post(_ work: @escaping @Sendable () -> Void) {
        leave { $0.posts.append(work) }
    }

    /// How much other threads have left here that hasn't been taken yet; from any thread.
    var waitingCount: Int { remote.withLock { $0.posts.count + $0.jobs.count } }

    func leave(_ change: (inout RemoteWork) -> Void) {
        let mustWake = remote.withLock { work in
            change(&work)
            let wasWoken = work.isWoken
            work.isWoken = true
            return !wasWoken
        }
        if mustWake {
            var one: UInt64 = 1
            _ = SystemCall.io(wakeup) { write(wakeup, &one, 8) }
        }
    }

    /// Turns until `stop()`; the calling thread becomes the loop's thread.
    public func run() {
        threadID.store(UInt(pthread_self()), ordering: .relaxed)
        parley_crash_enter_loop(Int32(index))
        isRunning = true
        var events = [UInt32](repeating: 0, count: 256)
        var tokens = [UInt64](repeating: 0, count: 256)
        var ended = MonotonicClock.nowNanoseconds()
        while isRunning {
            let count = parley_epoll_wait(epoll, &events, &tokens, 256, waitMilliseconds(from: ended))
            turnStart = MonotonicClock.nowNanoseconds()
            now = turnStart / 1_000_000
            for position in 0..<Int(max(count, 0)) {
                dispatch(tokens[position], ReadyEvents(rawValue: events[position]))
            }
            runRemoteWork()
            runJobs()
            for timer in timers.due(at: now) { timer() }
            runJobs()
            for steps in endSteps { for step in steps { step() } }
            ended = MonotonicClock.nowNanoseconds()
            turnEnded(ended - turnStart, now)
        }
    }

    /// Ends `run()` after the present turn; on the loop's thread.
    public func stop() {
        isRunning = false
    }

    private func dispatch(_ token: UInt64, _ events: ReadyEvents) {
        if token == UInt64.max {
            var value: UInt64 = 0
            _ = SystemCall.io(wakeup) { read(wakeup, &value, 8) }
            return
        }
        let slot = Int(token & 0xFFFF_FFFF)
        guard slot < slots.count, slots[slot].generation == UInt32(token >> 32), let handler = slots[slot].owner else {
            return
        }
        handler.ready(events)
    }

    private func runRemoteWork() {
        let work = remote.withLock { work in
            let taken = work
            work = RemoteWork()
            return taken
        }
        jobs.append(contentsOf: work.jobs)
        for post in work.posts { post() }
    }

    /// From a moment in monotonic nanoseconds to the next timer.
    private func waitMilliseconds(from moment: Int64) -> Int32 {
        if !jobs.isEmpty { return 0 }
        guard let deadline = timers.nextDeadline else { return 60_000 }
        return Int32(clamping: max(0, deadline - moment / 1_000_000))
    }
}
