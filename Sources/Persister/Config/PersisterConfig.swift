import Shared

/// What the persister's environment says; durations in milliseconds.
struct PersisterConfig: Sendable {
    /// What every program has.
    var common: CommonConfig
    /// Where health checks and metrics are served; nil for nowhere.
    var operatorListen: SocketAddress?
    /// How many stream entries are committed at once.
    var batchRows: Int
    /// How long a partition stays with a persister that has died.
    var lease: Int64
    /// How long Redis keeps what is committed.
    var replayKeep: Int64
    /// After how long without a message a conversation is archived; nil for never.
    var archiveAfter: Int64?
    /// How long a stopping persister has to finish its batch and to give its partitions back.
    var shutdownTimeout: Int64
    /// The persister's name; nil for a random one.
    var id: String?

    /// The settings by theme, for `--help`.
    static var groups: [SettingGroup] { PersisterSettings.groups + CommonSettings.groups }

    /// Every setting that `read` looks at.
    static var settings: [AnySetting] { groups.flatMap(\.settings) }

    /// Reads the environment; throws everything that is wrong with it at once.
    static func read(environment: [String: String]) throws(ConfigErrors) -> PersisterConfig {
        var reader = ConfigReader(environment: environment, known: SettingsRegistry.all)
        let config = PersisterConfig(&reader)
        try reader.finish()
        return config
    }

    private init(_ reader: inout ConfigReader) {
        common = CommonConfig(&reader)
        operatorListen = reader.read(CommonSettings.operatorListen)
        batchRows = reader.read(PersisterSettings.batchRows)
        lease = reader.read(PersisterSettings.lease)
        replayKeep = reader.read(PersisterSettings.replayKeep)
        archiveAfter = reader.read(PersisterSettings.archiveAfter)
        shutdownTimeout = reader.read(CommonSettings.shutdownTimeout)
        id = reader.read(PersisterSettings.persisterID)
        reader.check(
            lease > common.databaseTimeout,
            [PersisterSettings.lease.declaration, CommonSettings.databaseTimeout.declaration],
            "must be above PARLEY_DATABASE_TIMEOUT: a slow commit would lose the partition")
    }
}
