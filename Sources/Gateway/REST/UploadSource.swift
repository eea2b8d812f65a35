internal import Shared

/// Where an upload's bytes come from: the request's content is the file, or a form with the file in it.
///
/// Confined to its worker's loop.
final class UploadSource {
    /// What is known of the file before its first byte.
    struct Head {
        let fields: UploadFields
        /// The name that the file has where it comes from; empty where none is told.
        let name: String
        let type: String
    }

    private let content: ContentStream
    private let fields: [String: String]
    private let type: String
    private var form: UploadForm?
    /// What the content is to be, if that is told.
    private let told: [[UInt8]]
    private let digest = SHA256Stream()

    init(_ request: HTTPRequest, _ content: ContentStream) throws(CommandError) {
        self.content = content
        fields = UploadFields.ofQuery(request)
        guard let told = ContentDigest.told(request.headers) else {
            throw CommandError(.invalidField, "The digest is malformed.", field: "Content-Digest")
        }
        self.told = told
        guard let header = request.headers.first("Content-Type") else {
            type = MediaType.unknown
            return
        }
        // Of two types another reader might take the other, and find another file by its boundary.
        guard let type = MediaType.parse(header), request.headers.all("Content-Type").count == 1 else {
            throw CommandError(.invalidField, "The Content-Type is malformed.", field: "Content-Type")
        }
        self.type = type
        if type == "multipart/form-data" { form = try UploadForm(HeaderParameters(header), fields: fields) }
    }

    /// What the request may have beside the file, in bytes.
    var maximumOverhead: Int64 { form == nil ? 0 : Int64(UploadForm.maximumOverhead) }

    /// Reads up to the file.
    func head() async throws(CommandError) -> Head {
        guard form != nil else { return Head(fields: try UploadFields(fields), name: "", type: type) }
        guard case .file(let file)? = try await nextOfForm() else {
            throw CommandError(.internalError, "The form can't be read.")
        }
        return Head(fields: try UploadFields(file.fields), name: file.name, type: file.type ?? MediaType.unknown)
    }

    /// The next bytes of the file; nil once the content is whole and as it should be.
    func next() async throws(CommandError) -> [UInt8]? {
        guard form != nil else { return try await piece() }
        guard case .content(let bytes)? = try await nextOfForm() else { return nil }
        return bytes
    }

    private func nextOfForm() async throws(CommandError) -> UploadForm.Event? {
        while true {
            if let event = try form?.next() { return event }
            guard let piece = try await piece() else {
                try form?.finish()
                return nil
            }
            form?.append(piece)
        }
    }

    private func piece() async throws(CommandError) -> [UInt8]? {
        let piece: [UInt8]?
        do throws(ContentStream.Broken) {
            piece = try await content.next()
        } catch {
            throw CommandError(.uploadIncomplete, "The rest of the file didn't come in time.")
        }
        guard !told.isEmpty else { return piece }
        if let piece {
            digest.append(piece)
        } else {
            let found = digest.finish()
            guard told.allSatisfy({ $0 == found }) else {
                throw CommandError(.digestMismatch, "The content isn't the one whose digest is told.")
            }
        }
        return piece
    }
}
