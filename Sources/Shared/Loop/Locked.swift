import Glibc

/// A value that several threads share, behind a lock of POSIX.
///
/// The standard library's `Mutex` would do, but its contended path lies in a library that ThreadSanitizer doesn't see
/// into: wherever two threads meet at it, a race is reported that isn't one. `pthread_mutex_lock` is known to the sanitizer.
public final class Locked<Value>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    /// Takes the value over.
    public init(_ value: sending Value) {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        self.value = value
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` while no other thread has the value; not to be called again from within it.
    public func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
