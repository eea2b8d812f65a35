internal import Shared

/// Which files there are, as PostgreSQL knows them, and their bytes.
///
/// Confined to its loop.
final class FileCatalogue {
    private let folder: FileFolder?
    private let postgres: PostgresPool
    private let log: Logger
    private var secret: [UInt8]?

    init(folder: FileFolder?, postgres: PostgresPool, log: Logger) {
        self.folder = folder
        self.postgres = postgres
        self.log = log
    }

    /// Makes an uploaded file known; what has been written of it is on the disk.
    func add(_ facts: FileFacts) async throws(PostgresError) {
        _ = try await postgres.query(
            """
            insert into files (id, conversation_id, uploader_id, name, type, size, is_sealed)
            values ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                .uuid(facts.id), .uuid(facts.conversation), .uuid(facts.uploader), .text(facts.name), .text(facts.type),
                .integer(facts.size), .bool(facts.isSealed),
            ])
    }

    /// A file that isn't deleted; nil where there is none.
    func find(_ id: UUID) async throws(PostgresError) -> FileFacts? {
        let result = try await postgres.query(
            """
            select conversation_id, uploader_id, name, type, size, is_sealed from files
            where id = $1 and deleted_at is null
            """, [.uuid(id)])
        guard let row = result.rows.first, let conversation = row.uuid(0), let uploader = row.uuid(1),
            let name = row.text(2), let type = row.text(3), let size = row.integer(4), let isSealed = row.bool(5)
        else { return nil }
        return FileFacts(
            id: id, conversation: conversation, uploader: uploader, name: name, type: type, size: size,
            isSealed: isSealed)
    }

    /// Lets nobody have a file any more, and gives its bytes up. The bytes may outlive that where the disk fails, the file doesn't.
    func delete(_ id: UUID) async throws(PostgresError) {
        _ = try await postgres.query("update files set deleted_at = now() where id = $1", [.uuid(id)])
        do throws(SystemError) {
            try await folder?.remove(id)
        } catch {
            log.error("file can't be removed", [.file: .uuid(id), .error: .describing(error)])
        }
    }

    /// What links are signed with on all nodes; the first that needs it makes it.
    func linkSecret() async throws(PostgresError) -> [UInt8] {
        if let secret { return secret }
        _ = try await postgres.query(
            "insert into parley_meta (key, value) values ('file_link_secret', $1) on conflict do nothing",
            [.text(Hex.encode(SecureRandom.bytes(32)))])
        let result = try await postgres.query("select value from parley_meta where key = 'file_link_secret'")
        guard let text = result.rows.first?.text(0) else { throw .unexpectedReply("no secret for links to files") }
        secret = Array(text.utf8)
        return Array(text.utf8)
    }
}
