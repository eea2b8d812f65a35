internal import Shared

/// What an upload says of its file: in the query, or in the fields of a form.
struct UploadFields {
    /// Their names.
    static let names = ["conversationId", "fileName"]

    let conversation: UUID
    /// As it was given, and isn't safe yet.
    let fileName: String?

    init(_ fields: [String: String]) throws(CommandError) {
        guard let text = fields["conversationId"] else {
            throw CommandError(
                .missingField, "The query, or a form before its file, must name the conversationId.",
                field: "conversationId")
        }
        guard let conversation = UUID(text) else { throw .conversationNotFound }
        self.conversation = conversation
        fileName = fields["fileName"]
    }

    /// Those of a request's query.
    static func ofQuery(_ request: HTTPRequest) -> [String: String] {
        guard let query = HTTPQuery(request.query) else { return [:] }
        return Dictionary(uniqueKeysWithValues: names.compactMap { name in query.first(name).map { (name, $0) } })
    }
}
