internal import Shared

/// A page of a conversation for subscribers that read for themselves, with what they need to write it.
///
/// Confined to its loop.
final class SubscriberPage {
    let events: EventPage
    /// The frames of each event, in order; each is encoded once for all subscribers of a style.
    let frames: [EventFrames]
    /// The version of the members, looked at behind the events; nil where it couldn't be.
    let version: Int64?
    /// Everything up to here was published before the page was read.
    let seen: EventID

    init(_ events: EventPage, _ cursors: Cursors, version: Int64?, seen: EventID) {
        self.events = events
        frames = events.events.map { EventFrames($0, cursors, isBehindHole: events.holesBefore.contains($0.id)) }
        self.version = version
        self.seen = seen
    }
}

/// Reads pages for subscribers that are behind: one read serves all who need the same page, and of all that wait so many are
/// read at a time, in the order in which they were asked for.
///
/// So it bounds what a storm of clients that come back keeps in memory, and what it asks of the stores. Confined to its loop.
final class PageReader {
    /// Events per page.
    static let page = 100
    /// So many pages are under way on a loop: 2 MiB of usual messages, 8 of the largest, and enough to keep the stores' answers
    /// coming.
    static let atOnce = 16
    /// Fields of the members that are no users.
    private static let facts = 3

    private struct Key: Hashable {
        let conversation: UUID
        let after: EventID
    }

    private typealias Answer = Result<SubscriberPage, ReadError>

    private let reader: EventReader
    private let redis: RedisConnection
    private let partitioning: Partitioning
    private let loader: ConversationLoader
    private let cursors: CursorStore
    private let turns = Turns(atOnce: atOnce)
    private var shared = SharedReads<Key, Answer>()
    /// The last event of a conversation that this loop's subscribers were given.
    var seen: (UUID) -> EventID = { _ in .zero }

    init(
        reader: EventReader, redis: RedisConnection, partitioning: Partitioning, loader: ConversationLoader,
        cursors: CursorStore
    ) {
        self.reader = reader
        self.redis = redis
        self.partitioning = partitioning
        self.loader = loader
        self.cursors = cursors
    }

    /// The events of a conversation after one of them.
    func page(of conversation: UUID, after: EventID) async throws(ReadError) -> SubscriberPage {
        let key = Key(conversation: conversation, after: after)
        let answer: Confined<Answer> = await withCheckedContinuation { continuation in
            let number = shared.join(key) { continuation.resume(returning: Confined($0)) }
            guard let number else { return }
            redis.loop.spawn {
                await self.turns.takeTurn()
                let answer = await self.read(key)
                self.turns.endTurn()
                for waiter in self.shared.finish(key, number) { waiter(answer) }
            }
        }
        return try answer.value.get()
    }

    /// The same read for one subscriber alone, which knows already of an event that a read under way may not have.
    func ownPage(of conversation: UUID, after: EventID) async throws(ReadError) -> SubscriberPage {
        await turns.takeTurn()
        defer { turns.endTurn() }
        return try await read(Key(conversation: conversation, after: after)).get()
    }

    /// What comes in of a conversation was passed over: who asks from now on isn't served by a read that began before.
    func passedOver(_ conversation: UUID) {
        shared.close { $0.conversation == conversation }
    }

    private func read(_ key: Key) async -> Answer {
        let seen = seen(key.conversation)
        do throws(ReadError) {
            let events = try await reader.events(of: key.conversation, after: key.after, limit: Self.page)
            guard !events.events.isEmpty else {
                let version = try await members(of: key.conversation).version
                return .success(SubscriberPage(events, Cursors(), version: version, seen: seen))
            }
            var members = try await members(of: key.conversation)
            if members.version == nil, case .loaded = await loader.load(key.conversation) {
                members = try await self.members(of: key.conversation)
            }
            let isTracked = members.size <= Cursors.maximumParticipants
            let cursors = isTracked ? await cursors.cursors(of: key.conversation) : Cursors()
            return .success(SubscriberPage(events, cursors, version: members.version, seen: seen))
        } catch {
            return .failure(error)
        }
    }

    private func members(of conversation: UUID) async throws(ReadError) -> (version: Int64?, size: Int) {
        let key = Keys.members(conversation, partitioning.partition(of: conversation))
        do {
            let replies = try await redis.pipeline([RedisCommand("HGET", key, "v"), RedisCommand("HLEN", key)])
            return (replies[0].integer, (replies[1].count ?? 0) - Self.facts)
        } catch {
            throw .redis(error)
        }
    }
}

/// Which reads are under way, and who waits for each.
struct SharedReads<Key: Hashable, Answer> {
    private struct Read {
        let number: Int
        var waiters: [(Answer) -> Void]
    }

    private var open: [Key: Read] = [:]
    /// Those that nobody may join any more, by number.
    private var closed: [Int: [(Answer) -> Void]] = [:]
    private var count = 0

    init() {}

    /// Waits for a read; the number of one that has to be begun, nil where one is under way.
    mutating func join(_ key: Key, _ waiter: @escaping (Answer) -> Void) -> Int? {
        guard open[key] == nil else {
            open[key]?.waiters.append(waiter)
            return nil
        }
        count += 1
        open[key] = Read(number: count, waiters: [waiter])
        return count
    }

    /// Those under way may not be joined any more.
    mutating func close(where isMeant: (Key) -> Bool) {
        for (key, read) in open where isMeant(key) {
            open[key] = nil
            closed[read.number] = read.waiters
        }
    }

    /// A read has ended: those who wait for it.
    mutating func finish(_ key: Key, _ number: Int) -> [(Answer) -> Void] {
        if let waiters = closed.removeValue(forKey: number) { return waiters }
        return open.removeValue(forKey: key)?.waiters ?? []
    }
}
