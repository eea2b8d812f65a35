/// Why an S3 store didn't do what it was asked for.
package enum S3Error: Error, CustomStringConvertible {
    /// There is nothing to sign with.
    case credentials(String)
    /// The store wasn't reached, or broke off.
    case unreachable(HTTPCallError)
    /// The store said no.
    case refused(S3Refusal)
    /// The store answered something else than it should.
    case unexpected(String)
    /// Others had the node's few uploads to the store for too long.
    case busy

    /// A sentence for logs.
    package var description: String {
        switch self {
        case .credentials(let problem): "no credentials: \(problem)"
        case .unreachable(let error): "the store can't be reached: \(error)"
        case .refused(let refusal): refusal.description
        case .unexpected(let problem): "the store's answer can't be understood: \(problem)"
        case .busy: "the store has been too slow for what others send there"
        }
    }

    /// Whether the same may succeed a moment later.
    var isPassing: Bool {
        switch self {
        case .unreachable: true
        case .refused(let refusal): refusal.isPassing
        case .credentials, .unexpected, .busy: false
        }
    }
}

/// What a store says when it says no (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
package struct S3Refusal: Sendable, CustomStringConvertible {
    /// The status of the response.
    package let status: Int
    /// The code in its content; empty where there is none.
    package let code: String
    private let message: String
    /// What else of the response helps.
    private let hint: String

    /// `content` may be empty or no XML at all, from whatever stands in front of the store.
    init(status: Int, headers: HTTPHeaders, content: [UInt8]) {
        self.status = status
        let error = XMLElement.parse(content).flatMap { $0.name == "Error" ? $0 : nil }
        code = error?.first("Code")?.text ?? ""
        message = error?.first("Message")?.text ?? ""
        if code == "RequestTimeTooSkewed" {
            let here = RFC3339.format(milliseconds: WallClock.nowMilliseconds())
            hint = "; the clocks differ: there it is \(headers.first("Date") ?? "unknown"), here \(here)"
        } else if let region = headers.first("x-amz-bucket-region") {
            hint = "; the bucket is in the region \(region)"
        } else {
            hint = ""
        }
    }

    /// Whether the same may succeed a moment later.
    var isPassing: Bool {
        [500, 502, 503, 504, 429].contains(status) || ["InternalError", "SlowDown", "RequestTimeout"].contains(code)
    }

    /// A sentence for logs.
    package var description: String {
        "the store answered \(status)\(code.isEmpty ? "" : " \(code)")\(message.isEmpty ? "" : ": \(message)")\(hint)"
    }
}
