internal import Shared

/// Which Redis a server is: a restart makes another run, a failover another replication.
struct RedisIncarnation: Equatable {
    let run: String
    let replication: String

    /// Reads the two sections of INFO; nil where they don't tell.
    init?(server: String, replication: String) {
        guard let run = RedisInfo(server)["run_id"], let id = RedisInfo(replication)["master_replid"] else {
            return nil
        }
        self.run = String(run)
        self.replication = String(id)
    }
}

/// Where entries were read: they are committed there or not at all, since another Redis may have other entries below
/// the same cursor.
struct RedisOrigin: Equatable {
    /// The connections' generations: each knows one server.
    let reading: Int
    let commanding: Int
}

/// Watches that both connections, the one that reads and the one that commits, lead to the same Redis.
///
/// Confined to its loop.
final class OriginWatch {
    private let reading: RedisConnection
    private let commanding: RedisConnection
    private let log: Logger
    private var checked: RedisOrigin?
    private var hasWarned = false

    init(reading: RedisConnection, commanding: RedisConnection, log: Logger) {
        self.reading = reading
        self.commanding = commanding
        self.log = log
    }

    /// Where both lead at present; nil where they lead to two servers, and then both are closed and opened again.
    func current() async throws(RedisError) -> RedisOrigin? {
        let origin = present
        if origin == checked { return origin }
        let ours = try await incarnation(reading)
        let theirs = try await incarnation(commanding)
        guard origin == present else { return nil }
        guard ours == theirs else {
            log.warning("the connections lead to two servers")
            reading.reconnect()
            commanding.reconnect()
            return nil
        }
        checked = origin
        return origin
    }

    /// Whether what was read there may be committed now.
    func isPresent(_ origin: RedisOrigin) -> Bool { origin == present && commanding.isReady }

    private var present: RedisOrigin {
        RedisOrigin(reading: reading.generation, commanding: commanding.generation)
    }

    /// Nil where Redis doesn't tell: then the connections' ends alone are noticed.
    private func incarnation(_ redis: RedisConnection) async throws(RedisError) -> RedisIncarnation? {
        let sections = await redis.results(of: [RedisCommand("INFO", "server"), RedisCommand("INFO", "replication")])
        var texts: [String] = []
        for section in sections {
            switch section {
            case .success(let reply): texts.append(reply.text ?? "")
            case .failure(let error):
                guard error.code == "NOPERM" else { throw error }
                if !hasWarned { log.warning("a failover is noticed late", [.error: .describing(error)]) }
                hasWarned = true
                return nil
            }
        }
        return RedisIncarnation(server: texts[0], replication: texts[1])
    }
}
