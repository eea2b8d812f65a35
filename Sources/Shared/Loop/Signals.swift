internal import CLinux
internal import Glibc

/// Signals as events of a loop (signalfd); they must be blocked before the first thread starts.
public final class Signals: EventHandler {
    /// The signals that ask a process to end: SIGTERM and SIGINT.
    public static let terminating: [Int32] = [SIGTERM, SIGINT]

    /// The signal that asks a process to read its files again: SIGHUP.
    public static let reloading: Int32 = SIGHUP

    private let descriptor: Int32
    private let handler: (Int32) -> Void

    /// Blocks signals for this thread and those it will start, and ignores SIGPIPE.
    public static func block(_ signals: [Int32]) {
        var mask = set(of: signals)
        pthread_sigmask(SIG_BLOCK, &mask, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Calls `handler` on the loop for each of the blocked signals that arrives.
    public static func observe(_ signals: [Int32], on loop: EventLoop, _ handler: @escaping (Int32) -> Void)
        throws(SystemError)
    {
        var mask = set(of: signals)
        let descriptor = try SystemCall.checked("signalfd") { parley_signalfd(&mask) }
        _ = try loop.register(descriptor, .readable, Signals(descriptor, handler))
    }

    private init(_ descriptor: Int32, _ handler: @escaping (Int32) -> Void) {
        self.descriptor = descriptor
        self.handler = handler
    }

    /// Reads the pending signals.
    public func ready(_ events: ReadyEvents) {
        var information = signalfd_siginfo()
        while SystemCall.io(descriptor, { read(descriptor, &information, MemoryLayout<signalfd_siginfo>.size) })
            == .count(MemoryLayout<signalfd_siginfo>.size)
        {
            handler(Int32(information.ssi_signo))
        }
    }

    private static func set(of signals: [Int32]) -> sigset_t {
        var mask = sigset_t()
        sigemptyset(&mask)
        for signal in signals { sigaddset(&mask, signal) }
        return mask
    }
}
