/// The settings of the persister alone.
public enum PersisterSettings {
    package static let batchRows = Setting.integer(
        "BATCH_ROWS", default: 1000, in: 1...10000, "How many stream entries the persister commits at once.")
    package static let lease = Setting.milliseconds(
        "LEASE", default: "10s", in: "2s"..."60s", "How long a partition stays with a persister that has died.")
    package static let replayKeep = Setting.milliseconds(
        "REPLAY_KEEP", default: "10m", in: "0s"..."24h",
        "How long Redis keeps what is committed, for a PostgreSQL that loses it; less while its memory is short.")
    /// After how long (ms) a conversation may be archived: Redis keeps what is committed for less.
    package static let archiveAges: ClosedRange<Int64> = 86_400_000...3_650 * 86_400_000
    package static let archiveAfter = Setting<Int64?>.parsed(
        "ARCHIVE_AFTER", allowed: "a duration from 1d to 3650d",
        "After how long without a message a conversation is archived; never if not set."
    ) { text in DurationText.parse(text).flatMap { archiveAges.contains($0) ? $0 : nil } }
    package static let persisterID = Setting<String?>.parsed(
        "PERSISTER_ID", allowed: NodeName.allowed, "The persister's name in logs and in Redis; random if not set.",
        parse: NodeName.parse)

    /// The settings by theme.
    public static let groups = [
        SettingGroup(
            "Persister",
            [
                batchRows.declaration, lease.declaration, replayKeep.declaration, archiveAfter.declaration,
                persisterID.declaration,
            ])
    ]
}
