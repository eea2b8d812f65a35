/// The names of everything that Parley keeps in Redis. `docs/redis.md` tells what each holds.
public enum Keys {
    /// Accepted events that aren't trimmed yet.
    public static func stream(_ partition: Partition) -> String { "{\(partition.tag)}:stream" }
    /// The size of the stream's entries in bytes.
    public static func size(_ partition: Partition) -> String { "{\(partition.tag)}:bytes" }
    /// The stream id up to which PostgreSQL has committed.
    public static func cursor(_ partition: Partition) -> String { "{\(partition.tag)}:cursor" }
    /// Up to where entries were committed before and are replayed.
    public static func replay(_ partition: Partition) -> String { "{\(partition.tag)}:replay" }
    /// How many committed entries the stream still has, and the cursor that this was counted at.
    public static func kept(_ partition: Partition) -> String { "{\(partition.tag)}:kept" }
    /// The position from which on the stream has everything.
    public static func trimmed(_ partition: Partition) -> String { "{\(partition.tag)}:trimmed" }
    /// The token of the persister that owns the partition.
    public static func owner(_ partition: Partition) -> String { "{\(partition.tag)}:owner" }
    /// Entries that PostgreSQL refused for good.
    public static func deadLetters(_ partition: Partition) -> String { "{\(partition.tag)}:dead" }
    /// The state of a conversation; the names of its other keys begin with it.
    public static func conversation(_ id: UUID, _ partition: Partition) -> String { "{\(partition.tag)}:c:\(id)" }
    /// The newest events of a conversation.
    public static func events(_ id: UUID, _ partition: Partition) -> String { "{\(partition.tag)}:c:\(id):events" }
    /// The members of a conversation.
    public static func members(_ id: UUID, _ partition: Partition) -> String { "{\(partition.tag)}:c:\(id):members" }
    /// How far the members have got and read a conversation.
    public static func cursors(_ id: UUID, _ partition: Partition) -> String { "{\(partition.tag)}:c:\(id):cursors" }
    /// The last event of each message that was changed.
    public static func changes(_ id: UUID, _ partition: Partition) -> String { "{\(partition.tag)}:c:\(id):changes" }
    /// The permission to write what was loaded from PostgreSQL.
    public static func ticket(_ id: UUID, _ partition: Partition) -> String { "{\(partition.tag)}:c:\(id):ticket" }
    /// The key of a conversation's contents, under a master key.
    public static func dataKey(_ id: UUID, _ partition: Partition) -> String { "{\(partition.tag)}:c:\(id):key" }
    /// The conversations of a partition in which a user has something to fetch.
    public static func inbox(_ user: UUID, _ partition: Partition) -> String { "{\(partition.tag)}:inbox:\(user)" }
    /// The partitions in which a user has an inbox, and the epoch in which those were all.
    public static func inboxParts(_ user: UUID) -> String { "u:\(user):parts" }
    /// The epoch in which such an index counts.
    public static let inboxEpoch = "inbox:epoch"
    /// The channel of a conversation's events.
    public static func channel(_ id: UUID, _ partition: Partition) -> String { "{\(partition.tag)}:e:\(id)" }
    /// The channel of what concerns one user.
    public static func userChannel(_ user: UUID) -> String { "u:\(user)" }
    /// The format and the partition count of the whole deployment.
    public static let format = "parley:format"
    /// The dedupe window of the whole deployment, in milliseconds.
    public static let dedupeWindow = "parley:dedupe-window"
}

/// Where sessions are found in Redis.
extension Keys {
    /// Redis' clock when somebody looked last, and where it has gone back.
    public static let clock = ["{clock}:time", "{clock}:jumps"]

    /// All nodes that said they are there; a node without its `node(_:)` key is dead.
    public static let nodes = "nodes"
    /// What a node tells of itself; it expires when the node stops telling.
    public static func node(_ id: String) -> String { "node:\(id)" }
    /// A node's sessions by id, each as JSON.
    public static func sessions(ofNode id: String) -> String { "sessions:\(id)" }
    /// A user's sessions: their ids, and the node of each.
    public static func sessions(ofUser user: UUID) -> String { "user:\(user):sessions" }
}

/// What ends the life of tokens and sessions before their time.
extension Keys {
    /// `u:<user>` and `j:<jti>` by the second of their revocation.
    public static let revocations = "revocations"
    /// Sessions that an operator has ended, by the second.
    public static let kicks = "kicks"
    /// A one-time ticket for a handshake; `digest` is the hexadecimal SHA-256 of what the client has.
    public static func ticket(_ digest: String) -> String { "ticket:\(digest)" }
}

/// How often things are done.
extension Keys {
    /// The bucket of one kind of thing and one user or address.
    public static func rate(_ kind: String, of subject: String) -> String { "rate:\(kind):\(subject)" }
}

/// Where persisters are found in Redis.
extension Keys {
    /// The persisters by the time of their last sign of life.
    public static let persisters = "persisters"
    /// What a persister tells of itself; it expires when the persister stops telling.
    public static func persister(_ id: String) -> String { "persister:\(id)" }
}
