internal import Shared

/// An upload by a form (RFC 7578), as browsers and `curl -F` send it: fields, then one file.
struct UploadForm {
    /// What was found.
    enum Event: Equatable {
        /// The file begins, and all fields are known.
        case file(FormFile)
        /// The next bytes of the file.
        case content([UInt8])
    }

    /// What a form may have beside its file, in bytes.
    static let maximumOverhead = 128 << 10
    /// A field's value, in bytes.
    private static let maximumFieldBytes = 1_024

    private enum Part {
        case none
        /// A field that says something of the file.
        case field(String, [UInt8])
        /// Another one, which is skipped.
        case other
        case file
    }

    private var parser: MultipartParser
    private var part = Part.none
    private var fields: [String: String]
    private var hasFile = false
    private var skipped = 0

    /// `fields` are those that the query has told.
    init(_ type: HeaderParameters?, fields: [String: String]) throws(CommandError) {
        guard let boundary = type?.first("boundary"), let parser = MultipartParser(boundary: boundary) else {
            throw CommandError(
                .invalidField, "The Content-Type of a form needs a boundary of 1 to 70 characters.",
                field: "Content-Type")
        }
        self.parser = parser
        self.fields = fields
    }

    mutating func append(_ piece: [UInt8]) { parser.append(piece) }

    /// The next thing in what has come; nil where more bytes are needed.
    mutating func next() throws(CommandError) -> Event? {
        while true {
            let event: MultipartParser.Event?
            do throws(MultipartError) {
                event = try parser.next()
            } catch {
                throw Self.refusal(error)
            }
            switch event {
            case nil: return nil
            case .part(let headers): if let file = try begin(headers) { return .file(file) }
            case .content(let bytes): if try take(bytes) { return .content(bytes) }
            case .partEnd: try end()
            }
        }
    }

    /// Checks that a form of which no more comes is whole, and had a file.
    func finish() throws(CommandError) {
        do throws(MultipartError) {
            try parser.finish()
        } catch {
            throw Self.refusal(error)
        }
        guard hasFile else {
            throw CommandError(.missingField, "The form has no file: no part of it has a filename.", field: "file")
        }
    }

    // MARK: Parts

    private mutating func begin(_ headers: HTTPHeaders) throws(CommandError) -> FormFile? {
        let head = try FormPart(headers)
        guard let fileName = head.fileName else {
            guard UploadFields.names.contains(head.name) else {
                part = .other
                return nil
            }
            guard fields[head.name] == nil else { throw Self.invalid(head.name, "\(head.name) is given twice.") }
            guard !hasFile else { throw Self.invalid(head.name, "\(head.name) must stand before the file.") }
            part = .field(head.name, [])
            return nil
        }
        guard !hasFile else { throw Self.invalid("file", "A form may have one file.") }
        guard !fileName.isEmpty else {
            throw CommandError(.missingField, "The form's file has no name: none was chosen.", field: "file")
        }
        hasFile = true
        part = .file
        return FormFile(fields: fields, name: fileName, type: head.type)
    }

    /// Whether these bytes are the file's.
    private mutating func take(_ bytes: [UInt8]) throws(CommandError) -> Bool {
        switch part {
        case .file: return true
        case .field(let name, let value):
            guard value.count + bytes.count <= Self.maximumFieldBytes else {
                throw Self.invalid(name, "\(name) is too long.")
            }
            part = .field(name, value + bytes)
        case .other, .none:
            skipped += bytes.count
            guard skipped <= Self.maximumOverhead / 2 else { throw Self.refusal(.tooLong) }
        }
        return false
    }

    private mutating func end() throws(CommandError) {
        if case .field(let name, let value) = part {
            guard let text = String(validating: value, as: UTF8.self) else {
                throw Self.invalid(name, "\(name) must be UTF-8.")
            }
            fields[name] = text
        }
        part = .none
    }

    // MARK: Refusals

    private static func invalid(_ field: String, _ text: String) -> CommandError {
        CommandError(.invalidField, text, field: field)
    }

    private static func refusal(_ error: MultipartError) -> CommandError {
        switch error {
        case .malformed: CommandError(.malformedForm, "The content isn't built as forms are.")
        case .truncated: CommandError(.malformedForm, "The form ends before its last boundary.")
        case .tooManyParts:
            CommandError(.malformedForm, "A form may have \(MultipartParser.maximumParts) parts at most.")
        case .tooLong: CommandError(.malformedForm, "What stands beside the form's file is too long.")
        }
    }
}

/// A form's file at its beginning.
struct FormFile: Equatable {
    /// What the fields before it, and the query, have told.
    let fields: [String: String]
    /// The name that it has where it comes from.
    let name: String
    /// Its media type; nil where none is told.
    let type: String?
}

/// The head of a form's part (RFC 7578, section 4).
private struct FormPart {
    let name: String
    /// Nil for a field.
    let fileName: String?
    let type: String?

    init(_ headers: HTTPHeaders) throws(CommandError) {
        let dispositions = headers.all("Content-Disposition")
        guard dispositions.count == 1, let disposition = HeaderParameters(dispositions[0]),
            disposition.value == "form-data", let name = disposition.first("name")
        else { throw CommandError(.malformedForm, "A part of the form needs one Content-Disposition with a name.") }
        self.name = name
        // What can't be read of the encoded name leaves the other one.
        fileName = disposition.extended("filename") ?? disposition.first("filename").map(Self.unescaped)
        // Deprecated, and kept by nobody (RFC 7578, section 4.7).
        let encodings = headers.all("Content-Transfer-Encoding").map { $0.lowercased() }
        guard encodings.allSatisfy({ ["7bit", "8bit", "binary"].contains($0) }) else {
            throw CommandError(.malformedForm, "A part of the form has a Content-Transfer-Encoding that isn't taken.")
        }
        if let header = headers.first("Content-Type") {
            guard let type = MediaType.parse(header), headers.all("Content-Type").count == 1 else {
                throw CommandError(.malformedForm, "The Content-Type of a part is malformed.")
            }
            self.type = type
        } else {
            type = nil
        }
    }

    /// What browsers escape in names (the HTML standard, "multipart/form-data encoding algorithm").
    private static func unescaped(_ name: String) -> String {
        name.replacing("%22", with: "\"").replacing("%0D", with: "\r").replacing("%0A", with: "\n")
    }
}
