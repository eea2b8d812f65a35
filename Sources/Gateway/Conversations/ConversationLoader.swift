internal import Shared

/// Brings a conversation's state and members from PostgreSQL into Redis, by a ticket that a change of members deletes.
///
/// Confined to its loop; loads of one conversation that are asked for at once are one, and few are under way at a time.
final class ConversationLoader {
    enum Outcome: Sendable {
        /// Redis has it now, or another node is about to write it.
        case loaded
        /// There is no such conversation.
        case notFound
        /// PostgreSQL or Redis can't be asked at present.
        case unavailable(String)
    }

    /// A ticket that nobody used is gone after this many milliseconds.
    private static let ticketLifetime = "5000"

    private let redis: RedisConnection
    private let postgres: PostgresPool
    private let partitioning: Partitioning
    /// How long (ms) a state stays of which PostgreSQL has everything.
    private let stateTTL: Int64
    private let loop: EventLoop
    private var waiting: [UUID: [(Outcome) -> Void]] = [:]
    private var queue = LoadQueue()

    init(
        redis: RedisConnection, postgres: PostgresPool, partitioning: Partitioning, stateTTL: Int64, loop: EventLoop
    ) {
        self.redis = redis
        self.postgres = postgres
        self.partitioning = partitioning
        self.stateTTL = stateTTL
        self.loop = loop
    }

    func load(_ conversation: UUID, _ completion: @escaping (Outcome) -> Void) {
        if waiting[conversation] != nil {
            waiting[conversation]?.append(completion)
            return
        }
        waiting[conversation] = [completion]
        switch queue.ask(conversation, at: loop.now) {
        case .begins: begin([conversation])
        case .waits: break
        case .isFull: finish(conversation, .unavailable("too many conversations wait to be loaded"))
        }
    }

    private func begin(_ conversations: [UUID]) {
        loop.spawn {
            let outcomes = await self.loadTogether(conversations)
            let (late, next) = self.queue.ended(at: self.loop.now)
            if !next.isEmpty { self.begin(next) }
            for (conversation, outcome) in outcomes { self.finish(conversation, outcome) }
            for one in late { self.finish(one, .unavailable("too many conversations were to be loaded before")) }
        }
    }

    private func finish(_ conversation: UUID, _ outcome: Outcome) {
        for completion in waiting.removeValue(forKey: conversation) ?? [] { completion(outcome) }
    }

    /// The same, awaited.
    func load(_ conversation: UUID) async -> Outcome {
        await withCheckedContinuation { continuation in
            load(conversation) { continuation.resume(returning: $0) }
        }
    }

    /// Loads several by the statements of one. Those whose row isn't found, or is locked by a change, are loaded by themselves:
    /// none waits for another's.
    private func loadTogether(_ conversations: [UUID]) async -> [(UUID, Outcome)] {
        guard conversations.count > 1 else { return [(conversations[0], await load(alone: conversations[0]))] }
        var outcomes = await load(conversations, waits: false)
        for place in outcomes.indices {
            guard case .notFound = outcomes[place].1 else { continue }
            outcomes[place].1 = await load(alone: outcomes[place].0)
        }
        return outcomes
    }

    private func load(alone conversation: UUID) async -> Outcome { await load([conversation], waits: true)[0].1 }

    private func load(_ conversations: [UUID], waits: Bool) async -> [(UUID, Outcome)] {
        let tickets = conversations.map { _ in UUID.random().description }
        let facts: [UUID: ConversationFacts]
        do {
            _ = try await redis.pipeline(
                zip(conversations, tickets).map { conversation, ticket in
                    let key = Keys.ticket(conversation, partitioning.partition(of: conversation))
                    return RedisCommand.housekeeping("SET", key, ticket, "PX", Self.ticketLifetime)
                })
            facts = try await ConversationFacts.read(conversations, waits: waits, postgres)
            try await noteInboxes(facts)
        } catch {
            return conversations.map { ($0, .unavailable("\(error)")) }
        }
        let found = zip(conversations, tickets).compactMap { conversation, ticket in
            facts[conversation].map { (conversation, command($0, conversation, ticket)) }
        }
        let results = await redis.results(of: RedisScripts.load, found.map(\.1))
        // Another load or a change of members may have taken a ticket: the caller looks again, and comes back if need be. Not all at
        // one moment: they would take the ticket from each other again.
        if results.contains(where: { if case .success(let reply) = $0 { reply.integer == 0 } else { false } }) {
            await loop.sleep(milliseconds: Int64.random(in: 5...40))
        }
        var outcomes: [UUID: Outcome] = [:]
        for ((conversation, _), result) in zip(found, results) {
            switch result {
            case .success: outcomes[conversation] = .loaded
            case .failure(let error): outcomes[conversation] = .unavailable(error.description)
            }
        }
        return conversations.map { ($0, outcomes[$0] ?? .notFound) }
    }

    private func command(_ facts: ConversationFacts, _ conversation: UUID, _ ticket: String) -> RedisCommand {
        var command = RedisScripts.load.command(keys: [Keys.stream(partitioning.partition(of: conversation))])
        command.add(conversation.description)
        command.add(ticket)
        command.add(facts.last)
        command.add(facts.version)
        command.add(facts.opensByUse ? "2" : facts.isArchived ? "1" : "0")
        command.add(facts.recipients)
        command.add(stateTTL)
        for member in facts.members {
            command.add(member.user.description)
            command.add(member.role)
            command.add(member.position.delivered)
            command.add(member.position.read)
        }
        return command
    }

    /// Notes the partitions in the indexes of the two users of DIRECT conversations, before anything can get into their inboxes.
    private func noteInboxes(_ all: [UUID: ConversationFacts]) async throws(RedisError) {
        var commands: [RedisCommand] = []
        for (conversation, facts) in all where facts.recipients != "-" {
            let number = String(partitioning.partition(of: conversation).number)
            for member in facts.members {
                let key = Keys.inboxParts(member.user)
                commands.append(RedisCommand.housekeeping("SADD", key, number))
                commands.append(RedisCommand("EXPIRE", key, String(InboxIndex.lifetime)))
            }
        }
        _ = try await redis.pipeline(commands)
    }
}
