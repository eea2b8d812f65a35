internal import Glibc
internal import Synchronization

/// Threads for what can only block. Each kind of work has its own, so that a disk that hangs keeps nobody from finding an
/// address.
///
/// Unchecked because the work list is guarded by the pthread mutex, which Swift can't see.
public final class BlockingPool: @unchecked Sendable {
    /// For files, fsync and small fetches.
    public static let shared = BlockingPool(threads: 2)
    /// For name resolution: without it no store is reached again.
    static let names = BlockingPool(threads: 1)
    /// For telling PostgreSQL what nobody waits for any more.
    static let cancellations = BlockingPool(threads: 1)

    /// So many pieces of work may wait; more are refused, so that a slow disk can't grow the process.
    static let maximumWaiting = 1024

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var waiting = Queue<@Sendable () -> Void>()

    /// A pool lives as long as the process.
    init(threads: Int) {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        for _ in 0..<threads {
            var thread = pthread_t()
            let pool = Unmanaged.passRetained(self)
            pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<BlockingPool>.fromOpaque(argument).takeRetainedValue().work()
                    return nil
                }, pool.toOpaque())
            pthread_detach(thread)
        }
    }

    /// Runs `body` on one of the threads, or `whenFull` at once on this one.
    public func run(_ body: @escaping @Sendable () -> Void, whenFull: () -> Void) {
        if !enqueue(limit: Self.maximumWaiting, body) { whenFull() }
    }

    private func enqueue(limit: Int, _ body: @escaping @Sendable () -> Void) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard waiting.count < limit else { return false }
        waiting.append(body)
        pthread_cond_signal(condition)
        return true
    }

    /// Runs `body` on one of the threads and returns what it returned. Nothing is refused: each waits for its own, so that no more
    /// wait than there are connections.
    public func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(SystemError) -> Value
    ) async throws(SystemError) -> Value {
        let result: Result<Value, SystemError> = await withCheckedContinuation { continuation in
            _ = enqueue(limit: .max) {
                do throws(SystemError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    private func work() {
        while true {
            pthread_mutex_lock(mutex)
            while waiting.isEmpty { pthread_cond_wait(condition, mutex) }
            let body = waiting.popFirst()
            pthread_mutex_unlock(mutex)
            body?()
        }
    }
}
