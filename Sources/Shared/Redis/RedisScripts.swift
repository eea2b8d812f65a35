/// The scripts in `Redis/Scripts`; each file's head tells its keys, arguments and reply.
public enum RedisScripts {
    /// Accepts a batch of messages.
    public static let accept = RedisScript(PackageResources.accept_lua)
    /// Writes what was loaded of a conversation from PostgreSQL.
    public static let load = RedisScript(PackageResources.load_lua)
    /// Tells the heads of many conversations.
    public static let heads = RedisScript(PackageResources.heads_lua)
    /// Reads a page of a conversation's events.
    public static let page = RedisScript(PackageResources.page_lua)
    /// Reads messages of a conversation's cache in their newest states.
    public static let history = RedisScript(PackageResources.history_lua)
    /// Tells which conversations have something for a user.
    public static let inbox = RedisScript(PackageResources.inbox_lua)
    /// Cuts off what is known of a conversation's members.
    public static let fence = RedisScript(PackageResources.fence_lua)
    /// Takes out what is kept of an archived conversation.
    static let retire = RedisScript(PackageResources.retire_lua)
    /// Moves how far users have got and read conversations.
    public static let cursor = RedisScript(PackageResources.cursor_lua)
    /// Reads how far the participants of a conversation have got and read it.
    public static let cursors = RedisScript(PackageResources.cursors_lua)
    /// Publishes one payload on the channels of several users.
    public static let notify = RedisScript(PackageResources.notify_lua)
    /// Mends a conversation of which Redis has lost events.
    public static let rebuild = RedisScript(PackageResources.rebuild_lua)
    /// Moves a partition's cursor and trims what is committed.
    public static let commit = RedisScript(PackageResources.commit_lua)
    /// Drops committed entries that are kept no longer.
    public static let trim = RedisScript(PackageResources.trim_lua)
    /// Moves a partition's cursor back.
    public static let replay = RedisScript(PackageResources.replay_lua)
    /// Puts a dead letter back into its stream.
    public static let retry = RedisScript(PackageResources.retry_lua)
    /// Takes a partition that nobody owns.
    public static let claim = RedisScript(PackageResources.claim_lua)
    /// Says that a persister is there, and counts them.
    public static let persisters = RedisScript(PackageResources.persisters_lua)
    /// Takes from a bucket that all nodes share.
    public static let take = RedisScript(PackageResources.take_lua)
    /// Carries out a write that goes on while Redis' memory is full.
    static let housekeeping = RedisScript(PackageResources.housekeeping_lua)
    /// Prolongs or ends the ownership of a partition.
    public static let lease = RedisScript(PackageResources.lease_lua)
    /// Says that a gateway is there.
    public static let beat = RedisScript(PackageResources.beat_lua)
    /// Tells Redis' clock, and where it has gone back.
    public static let clock = RedisScript(PackageResources.clock_lua)
    /// Takes a gateway out that ends.
    public static let leave = RedisScript(PackageResources.leave_lua)
    /// Takes the sessions of a dead gateway out.
    public static let sweep = RedisScript(PackageResources.sweep_lua)
    /// Registers a session.
    public static let enter = RedisScript(PackageResources.enter_lua)
}
