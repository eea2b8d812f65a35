internal import Shared

/// `GET /api/files/quota`, and what is left for an upload.
extension FilesResource {
    /// `GET /api/files/quota`.
    func respondWithQuota(_ request: HTTPRequest, _ origin: Origin) async throws(CommandError) -> HTTPResponse {
        guard request.method == "GET" else { return Router.methodNotAllowed("GET, HEAD") }
        let used = try await usedBytes(origin)
        return Router.json(
            200,
            JSONWriter.bytes(
                .object(
                    JSONObject([
                        ("usedBytes", .integer(used)), ("quotaBytes", config.userQuota.map { .integer($0) } ?? .null),
                    ]))))
    }

    /// How large a file may be now. Uploads at the same time don't see each other: all that are under way may go beyond the quota
    /// together, and the next may not.
    func limit(_ origin: Origin) async throws(CommandError) -> UploadLimit {
        UploadLimit(config, used: config.userQuota == nil ? 0 : try await usedBytes(origin))
    }

    private func usedBytes(_ origin: Origin) async throws(CommandError) -> Int64 {
        do throws(PostgresError) {
            return try await worker.files.usedBytes(by: origin.identity.user)
        } catch {
            throw .unavailable()
        }
    }
}
