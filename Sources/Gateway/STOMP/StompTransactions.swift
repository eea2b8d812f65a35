/// The open transactions of a connection: frames held between BEGIN and COMMIT, bounded together.
struct StompTransactions {
    private let limits: StompLimits
    private var held: [String: (actions: [StompAction], byteCount: Int)] = [:]
    private var frameCount = 0
    private var byteCount = 0

    init(limits: StompLimits) {
        self.limits = limits
    }

    mutating func begin(_ id: String) throws(StompFailure) {
        guard held[id] == nil else {
            throw StompFailure(.duplicateTransaction, "A transaction with this name is open already.")
        }
        guard held.count < limits.maximumTransactions else {
            throw StompFailure(.tooManyTransactions, "Too many transactions are open.")
        }
        held[id] = ([], 0)
    }

    /// Holds an action until COMMIT. Beyond the bounds the connection fails: to leave one frame out would break the promise.
    mutating func hold(_ action: StompAction, byteCount count: Int, in id: String) throws(StompFailure) {
        guard held[id] != nil else { throw Self.unknown }
        guard frameCount < limits.transactionFrames, byteCount + count <= limits.transactionBytes else {
            throw StompFailure(.transactionTooLarge, "The open transactions hold too much.")
        }
        held[id]?.actions.append(action)
        held[id]?.byteCount += count
        frameCount += 1
        byteCount += count
    }

    /// Ends a transaction and returns what it held, for COMMIT to carry out and for ABORT to drop.
    mutating func end(_ id: String) throws(StompFailure) -> [StompAction] {
        guard let transaction = held.removeValue(forKey: id) else { throw Self.unknown }
        frameCount -= transaction.actions.count
        byteCount -= transaction.byteCount
        return transaction.actions
    }

    mutating func removeAll() {
        held = [:]
        frameCount = 0
        byteCount = 0
    }

    private static var unknown: StompFailure {
        StompFailure(.unknownTransaction, "No transaction with this name is open.")
    }
}
