internal import Shared

/// `GET /api/files/{id}/link`, and what such a link is good for.
extension FilesResource {
    /// `GET /api/files/{id}/link`.
    func respondWithLink(_ request: HTTPRequest, _ id: UUID, _ origin: Origin) async throws(CommandError)
        -> HTTPResponse
    {
        guard request.method == "GET" else { return Router.methodNotAllowed("GET, HEAD") }
        try await authorise(origin, try await find(id))
        let expires = (WallClock.nowMilliseconds() + config.linkLifetime) / 1_000
        let target = FileLink(file: id, expires: expires).target(secret: try await linkSecrets()[0])
        var time: [UInt8] = []
        RFC3339.append(milliseconds: expires * 1_000, to: &time)
        return Router.json(
            200,
            JSONWriter.bytes(
                .object(
                    JSONObject([
                        ("url", .string(target)), ("expiresAt", .string(String(decoding: time, as: UTF8.self))),
                    ]))))
    }

    func checkLink(_ request: HTTPRequest, _ id: UUID) async throws(CommandError) {
        guard let query = HTTPQuery(request.query),
            let link = FileLink(file: id, query, secrets: try await linkSecrets()),
            link.expires * 1_000 > WallClock.nowMilliseconds()
        else { throw CommandError(.notAllowed, "The link isn't good, or not any more.", field: "signature") }
    }

    private func linkSecrets() async throws(CommandError) -> [[UInt8]] {
        do throws(PostgresError) {
            return try await worker.files.linkSecrets()
        } catch {
            throw .unavailable()
        }
    }
}
