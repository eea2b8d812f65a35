internal import Shared

/// Limits how often users and addresses do things, over all nodes together.
///
/// Confined to its worker's loop.
final class RateLimiter {
    /// Whom a limit is about.
    enum Subject: Hashable, CustomStringConvertible {
        case user(UUID)
        case address(String)

        var description: String {
            switch self {
            case .user(let user): user.description
            case .address(let address): address
            }
        }
    }

    private struct Name: Hashable {
        let kind: RateKind
        let subject: Subject
    }

    /// Told nil to go on, or after how many milliseconds to try again.
    typealias Completion = (_ retryAfter: Int64?) -> Void

    /// What isn't used for so many milliseconds is given back.
    private static let idle: Int64 = 2_000

    /// The numbers that the script can answer with: tokens, and milliseconds.
    private static let sane: ClosedRange<Int64> = 0...1 << 32

    private let limits: RateLimits
    private let redis: RedisConnection
    private let metrics: GatewayMetrics
    private let log: Logger
    private var allowances: [Name: Allowance<Completion>] = [:]
    private var node: TokenBucket?

    /// `loops` is the number of loops among which the node's own limit is shared.
    init(_ limits: RateLimits, redis: RedisConnection, metrics: GatewayMetrics, log: Logger, loops: Int) {
        self.limits = limits
        self.redis = redis
        self.metrics = metrics
        self.log = log
        node = limits.node.map {
            TokenBucket(RateLimit(interval: $0.interval * Double(loops), burst: max(1, $0.burst / loops)))
        }
        redis.onReady { [weak redis] in redis?.send(RedisScripts.take.loadCommand) { _ in } }
        redis.loop.scheduleRepeating(every: Self.idle / 2) { [weak self] in
            self?.giveBack()
            return self != nil
        }
    }

    /// Asks for one, or for as many as something costs; `completion` is called at once where that is known, else when Redis has
    /// answered. Of one subject they are called in the order of the calls.
    func take(_ kind: RateKind, _ subject: Subject, count: Int = 1, _ completion: @escaping Completion) {
        guard let limit = limits[kind] else { return completion(nil) }
        let name = Name(kind: kind, subject: subject)
        let (verdict, question) = allowances[name, default: Allowance(limit)].take(
            completion, count: count, at: redis.loop.now)
        tell(verdict, name, completion)
        if let question { ask(question, name, limit) }
    }

    /// The same, awaited: nil to go on, or after how many milliseconds to try again.
    func take(_ kind: RateKind, _ subject: Subject, count: Int = 1) async -> Int64? {
        await withCheckedContinuation { continuation in
            take(kind, subject, count: count) { continuation.resume(returning: $0) }
        }
    }

    /// Asks for one that can't wait; nil to go on, or after how many milliseconds to try again.
    func takeAtOnce(_ kind: RateKind, _ subject: Subject) -> Int64? {
        guard let limit = limits[kind] else { return nil }
        let name = Name(kind: kind, subject: subject)
        let (verdict, question) = allowances[name, default: Allowance(limit)].takeAtOnce(at: redis.loop.now)
        var retryAfter: Int64?
        tell(verdict, name) { retryAfter = $0 }
        if let question { ask(question, name, limit) }
        return retryAfter
    }

    /// Asks the node's own bucket for a handshake; nil to go on, or after how many milliseconds to try again.
    func admitHandshake() -> Int64? {
        guard let retryAfter = node?.take(at: redis.loop.now) else { return nil }
        metrics.rateLimited.increment()
        return retryAfter
    }

    private func tell(_ verdict: Allowance<Completion>.Verdict, _ name: Name, _ completion: Completion) {
        switch verdict {
        case .go: completion(nil)
        case .wait: break
        case .refuse(let retryAfter):
            metrics.rateLimited.increment()
            completion(retryAfter)
        }
    }

    private func ask(_ question: Allowance<Completion>.Question, _ name: Name, _ limit: RateLimit) {
        redis.send(Self.command(name, limit, debt: question.debt, want: question.want)) { [weak self] result in
            self?.answered(result, name, limit)
        }
    }

    private func answered(_ result: Result<RedisReply, RedisError>, _ name: Name, _ limit: RateLimit) {
        guard case .success(let reply) = result, let numbers = reply.elements?.compactMap(\.integer),
            numbers.count == 2, Self.sane.contains(numbers[0]), Self.sane.contains(numbers[1])
        else {
            if case .failure(let error) = result, error.code == "NOSCRIPT" {
                redis.send(RedisScripts.take.loadCommand) { _ in }
            }
            for waiter in allowances[name]?.failed() ?? [] { waiter(nil) }
            return
        }
        guard
            let answer = allowances[name]?.answered(
                given: Int(numbers[0]), retryAfter: numbers[1], at: redis.loop.now)
        else { return }
        if numbers[0] == 0 {
            // Once per pause, not once per refusal.
            log.warning(
                "too fast",
                [
                    .code: .string(name.kind.rawValue), .reason: .string(name.subject.description),
                    .retryMS: .integer(numbers[1]),
                ])
        }
        if let question = answer.question { ask(question, name, limit) }
        for (waiter, verdict) in answer.settled { tell(verdict, name, waiter) }
    }

    /// Gives back what nobody uses, and forgets it.
    private func giveBack() {
        let now = redis.loop.now
        for (name, allowance) in allowances {
            guard let surplus = allowance.surplus(at: now, idle: Self.idle) else { continue }
            allowances[name] = nil
            if surplus > 0, let limit = limits[name.kind] {
                redis.send(Self.command(name, limit, debt: 0, want: -surplus)) { _ in }
            }
        }
    }

    private static func command(_ name: Name, _ limit: RateLimit, debt: Int, want: Int) -> RedisCommand {
        var command = RedisScripts.take.command(keys: [Keys.rate(name.kind.rawValue, of: name.subject.description)])
        command.add(String(limit.interval))
        command.add(Int64(limit.burst))
        command.add(Int64(debt))
        command.add(Int64(want))
        return command
    }
}

extension RateLimiter {
    /// Asks for what a user's request costs; throws `too-fast` where they have to wait.
    func admit(_ kind: RateKind, _ user: UUID, count: Int = 1) async throws(CommandError) {
        try await admit(kind, .user(user), count: count)
    }

    /// The same for whoever it is about.
    func admit(_ kind: RateKind, _ subject: Subject, count: Int = 1) async throws(CommandError) {
        if let retryAfter = await take(kind, subject, count: count) { throw .tooFast(retryAfter: retryAfter) }
    }
}

extension CommandError {
    /// The user does something more often than he may.
    static func tooFast(retryAfter: Int64) -> CommandError {
        CommandError(.tooFast, "Too fast; try again later.", retryAfter: retryAfter)
    }
}
