/// The loop as executor of async functions.
///
/// It is both the serial executor and the task executor: with a serial executor alone every resumed continuation would
/// first go to the global pool and then hop back.
extension EventLoop: SerialExecutor, TaskExecutor {
    /// Queues a job for the loop's thread, from any thread.
    public func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        if isCurrent { jobs.append(unowned) } else { leave { $0.jobs.append(unowned) } }
    }

    /// This loop as a serial executor.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// This loop as a task executor.
    public func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }

    /// Stops the process when called off the loop's thread.
    public func checkIsolated() { precondition(isCurrent, "this belongs to another loop") }

    /// Whether the calling thread is the loop's.
    public func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// Runs an async function on this loop; call it on the loop's thread.
    ///
    /// The function may use what is confined to the loop: it never leaves the loop's thread.
    public func spawn(_ body: @escaping () async -> Void) {
        let confined = Confined(body)
        Task(executorPreference: self) { await confined.value() }
    }

    /// Suspends the calling task for a time in milliseconds.
    public func sleep(milliseconds: Int64) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            schedule(after: milliseconds) { continuation.resume() }
        }
    }

    /// Runs the jobs that are queued, and those that they queue, up to a bound per turn so that descriptors get their say.
    func runJobs() {
        var budget = 4096
        while !jobs.isEmpty && budget > 0 {
            let batch = jobs
            jobs.removeAll(keepingCapacity: true)
            for job in batch {
                job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
            budget -= batch.count
        }
    }
}

/// A value that crosses into a `@Sendable` closure although it isn't Sendable.
///
/// Unchecked because both ends are the same loop's thread: the closure runs on the loop that made it.
public struct Confined<Value>: @unchecked Sendable {
    /// The value; touch it on the loop it came from only.
    public let value: Value

    /// Wraps a value for a closure that runs on the same loop.
    public init(_ value: Value) { self.value = value }
}
