internal import Shared

/// Which files there are, as PostgreSQL knows them, and their bytes.
///
/// Confined to its loop.
final class FileCatalogue {
    private let node: NodeContext
    private let store: (any FileStore)?
    private let postgres: PostgresPool
    private let log: Logger
    private let lease: PostgresLease
    private let ring: MasterKeyRing?
    private var secrets: [[UInt8]]?
    private var isSweeping = false

    /// So many files are removed in one sweep.
    private static let sweepLimit = 10_000
    /// After so many files the lease is prolonged.
    private static let removedPerLease = 100
    /// A store that has failed so often in a sweep is away: the rest is for the next one.
    private static let toleratedFailures = 3
    /// The deployment's format from which on gateways count claims.
    private static let countingFormat: Int64 = 2
    /// One node sweeps at a time; who dies in the middle is followed by another one after so many milliseconds.
    private static let sweepLease: Int64 = 600_000

    /// No message that was written shows the file `f`.
    private static let isNowhere = """
        not exists (
            select from messages m
            where m.conversation_id = f.conversation_id and m.file is not null and not m.is_deleted
                and m.file->>'fileId' = f.id::text)
        """

    /// What `facts` reads.
    private static let columns =
        "conversation_id, uploader_id, name, type, size, is_sealed, sha256, width, height"

    /// The node sweeps for all while it has the lease.
    init(_ node: NodeContext, store: (any FileStore)?, postgres: PostgresPool, log: Logger) {
        self.node = node
        self.store = store
        ring = node.masterKeys
        self.postgres = postgres
        self.log = log
        lease = PostgresLease("files", owner: node.id, milliseconds: Self.sweepLease)
    }

    /// Makes an uploaded file known; what has been written of it is safe. False where its uploader has another file under
    /// the same key.
    func add(_ facts: FileFacts, key: String?) async throws(PostgresError) -> Bool {
        let result = try await postgres.query(
            """
            insert into files (
                id, conversation_id, uploader_id, name, type, size, is_sealed, claims, sha256, width, height,
                upload_key)
            values ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9::bigint, $10::bigint, $11)
            on conflict (uploader_id, upload_key) where upload_key is not null do nothing
            """,
            [
                .uuid(facts.id), .uuid(facts.conversation), .uuid(facts.uploader), .text(facts.name), .text(facts.type),
                .integer(facts.size), .bool(facts.isSealed), facts.sha256.map { .bytes($0) } ?? .null,
                facts.picture.map { .integer($0.width) } ?? .null, facts.picture.map { .integer($0.height) } ?? .null,
                key.map { .text($0) } ?? .null,
            ])
        return result.affectedRows == 1
    }

    /// The file that a user has uploaded under this key, deleted or not; nil where there is none, or its day is over.
    func find(key: String, by uploader: UUID) async throws(PostgresError) -> FileFacts? {
        let result = try await postgres.query(
            "select \(Self.columns), id from files where uploader_id = $1 and upload_key = $2",
            [.uuid(uploader), .text(key)])
        return result.rows.first?.uuid(9).flatMap { Self.facts($0, result) }
    }

    /// A file that isn't deleted; nil where there is none.
    func find(_ id: UUID) async throws(PostgresError) -> FileFacts? {
        let result = try await postgres.query(
            """
            select \(Self.columns) from files
            where id = $1 and deleted_at is null and removed_at is null
            """, [.uuid(id)])
        return Self.facts(id, result)
    }

    private static func facts(_ id: UUID, _ result: PostgresResult) -> FileFacts? {
        guard let row = result.rows.first, let conversation = row.uuid(0), let uploader = row.uuid(1),
            let name = row.text(2), let type = row.text(3), let size = row.integer(4), let isSealed = row.bool(5),
            FileFacts.sizes.contains(size)
        else { return nil }
        return FileFacts(
            id: id, conversation: conversation, uploader: uploader, name: name, type: type, size: size,
            isSealed: isSealed, sha256: row.bytes(6), picture: picture(row.integer(7), row.integer(8)))
    }

    /// What the files of a user take, in bytes, until they are removed.
    func usedBytes(by uploader: UUID) async throws(PostgresError) -> Int64 {
        let result = try await postgres.query(
            "select coalesce(sum(size), 0)::bigint from files where uploader_id = $1 and removed_at is null",
            [.uuid(uploader)])
        guard let used = result.rows.first?.integer(0) else { throw .unexpectedReply("no sum of sizes") }
        return used
    }

    private static func picture(_ width: Int64?, _ height: Int64?) -> PictureSize? {
        guard let width, let height else { return nil }
        return PictureSize(width: width, height: height)
    }

    /// The same, for a message that is to show it in its conversation, by who has uploaded it: from then on it stays as long as the
    /// message, or until it is given back.
    func take(_ id: UUID, in conversation: UUID, by uploader: UUID) async throws(PostgresError) -> FileFacts? {
        let result = try await postgres.query(
            """
            update files set is_shown = true, claims = case when is_shown and claims = 0 then null else claims + 1 end
            where id = $1 and conversation_id = $2 and uploader_id = $3 and deleted_at is null and removed_at is null
            returning \(Self.columns)
            """, [.uuid(id), .uuid(conversation), .uuid(uploader)])
        return Self.facts(id, result)
    }

    /// Takes one `take` back, whose message has certainly not become one; where that fails, or not all gateways count who shows a
    /// file, the file stays.
    func giveBack(_ id: UUID) async {
        guard node.oldestFormat >= Self.countingFormat else { return }
        do throws(PostgresError) {
            _ = try await postgres.query(
                "update files set is_shown = claims is distinct from 1, claims = claims - 1 where id = $1 and is_shown",
                [.uuid(id)])
        } catch {
            log.warning(
                "file that no message shows can't be given back", [.file: .uuid(id), .error: .describing(error)])
        }
    }

    // MARK: Deleting

    /// Lets nobody have a file from now on; its bytes are there until it is swept, and it can be restored. Who uploads the same
    /// again gets another one.
    func hide(_ id: UUID) async throws(PostgresError) {
        _ = try await postgres.query(
            "update files set deleted_at = now(), upload_key = null where id = $1", [.uuid(id)])
    }

    /// Takes `hide` back, where that still helps. Where it fails, the file stays hidden, and is there for as long as its message.
    func restore(_ id: UUID) async {
        do throws(PostgresError) {
            _ = try await postgres.query(
                "update files set deleted_at = null where id = $1 and removed_at is null", [.uuid(id)])
        } catch {
            log.error("file can't be shown again", [.file: .uuid(id), .error: .describing(error)])
        }
    }

    /// Removes the bytes of a hidden file; where that fails, a sweep does it. Whether it succeeded.
    @discardableResult
    func remove(_ id: UUID) async -> Bool {
        guard let store else { return false }
        do {
            try await store.remove(id)
            _ = try await postgres.query(
                "update files set removed_at = now(), deleted_at = coalesce(deleted_at, now()) where id = $1",
                [.uuid(id)])
            return true
        } catch {
            count(error)
            log.error("file can't be removed", [.file: .uuid(id), .error: .string("\(error)")])
            return false
        }
    }

    /// Removes what was deleted a while ago, unless its message is still there, what no message has shown for a day, and what killed
    /// nodes have left half-way. Forgets the keys of what was uploaded a day ago.
    func sweep() async {
        // A store that is slow makes it last.
        guard let store, !isSweeping else { return }
        isSweeping = true
        defer { isSweeping = false }
        do {
            guard try await lease.take(postgres) else { return }
            let gone = try await postgres.onOwnConnection(for: .sweep) { connection throws(PostgresError) in
                _ = try await connection.query(
                    """
                    update files f set deleted_at = now(), upload_key = null
                    where not is_shown and deleted_at is null and created_at < now() - interval '1 day'
                        and \(Self.isNowhere)
                    """)
                _ = try await connection.query(
                    """
                    update files set upload_key = null
                    where upload_key is not null and created_at < now() - interval '1 day'
                    """)
                return try await connection.query(
                    """
                    select id from files f
                    where deleted_at < now() - interval '10 minutes' and removed_at is null and \(Self.isNowhere)
                    limit \(Self.sweepLimit)
                    """)
            }
            var failures = 0
            for (place, id) in gone.rows.compactMap({ $0.uuid(0) }).enumerated() where failures < Self.toleratedFailures
            {
                if place % Self.removedPerLease == 0 { guard try await lease.take(postgres) else { return } }
                if await !remove(id) { failures += 1 }
            }
            let unfinished = try await store.sweep()
            try await lease.giveBack(postgres)
            if gone.rows.count + unfinished > 0 {
                log.info("files removed", [.count: .number(gone.rows.count + unfinished)])
            }
        } catch {
            count(error)
            // Whoever starts next, perhaps with better settings, needn't wait for its end.
            try? await lease.giveBack(postgres)
            log.warning("files can't be swept", [.error: .string("\(error)")])
        }
    }

    private func count(_ error: any Error) {
        if error is FileStoreError { node.metrics.fileStoreFailures.increment() }
    }

    // MARK: Links

    /// What links are signed with on all nodes, first, and what they may have been signed with. With encryption at rest PostgreSQL's
    /// half of it is worth nothing without a master key.
    func linkSecrets() async throws(PostgresError) -> [[UInt8]] {
        if let secrets { return secrets }
        _ = try await postgres.query(
            "insert into parley_meta (key, value) values ('file_link_secret', $1) on conflict do nothing",
            [.text(Hex.encode(SecureRandom.bytes(32)))])
        let result = try await postgres.query("select value from parley_meta where key = 'file_link_secret'")
        guard let text = result.rows.first?.text(0) else { throw .unexpectedReply("no secret for links to files") }
        let made = ring?.derived("parley file links \(text)") ?? [Array(text.utf8)]
        secrets = made
        return made
    }
}
