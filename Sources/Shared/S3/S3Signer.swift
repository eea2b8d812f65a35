/// AWS Signature Version 4 for S3, in headers and in a query
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html).
///
/// Ours, since libcurl 7.88 signs queries without values wrongly and makes no presigned URLs.
package struct S3Signer: Sendable {
    /// A request as far as it is signed. Paths, names and values are as they are meant, without escapes; header values
    /// have no white space that could be left out.
    package struct Request: Sendable {
        /// GET, PUT and so on.
        package var method: String
        /// Host, and the port where it isn't the scheme's own.
        package var host: String
        /// The path from its slash on.
        package var path: String
        /// The query's parameters in any order; one without a value has an empty one.
        package var query: [(name: String, value: String)] = []
        /// Header fields that are signed besides those that the signer adds.
        package var headers: [(name: String, value: String)] = []

        /// Path and query as they stand in a request line.
        package var target: String {
            let query = S3Signer.canonical(query)
            return S3Signer.encoded(path: path) + (query.isEmpty ? "" : "?" + query)
        }
    }

    /// Stands for the digest of a content that isn't signed.
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"
    /// The digest of no content.
    package static let emptyPayload = Hex.encode(SHA256.digest([]))

    private static let algorithm = "AWS4-HMAC-SHA256"

    private let credentials: S3Credentials
    private let region: String

    /// Signs for a region with these credentials.
    package init(_ credentials: S3Credentials, region: String) {
        self.credentials = credentials
        self.region = region
    }

    /// The header fields that a request needs besides its own and `Host`; `payload` is the content's SHA-256 in
    /// hexadecimal digits, `time` milliseconds since the Unix epoch.
    package func headers(_ request: Request, payload: String, at time: Int64) -> [(name: String, value: String)] {
        let moment = Self.moment(time)
        var added = [("x-amz-content-sha256", payload), ("x-amz-date", moment)]
        if let token = credentials.sessionToken { added.append(("x-amz-security-token", token)) }
        var signed = request
        signed.headers += added.map { (name: $0.0, value: $0.1) }
        let (signature, names) = sign(signed, payload: payload, moment)
        let authorization =
            "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope(moment)),SignedHeaders=\(names),"
            + "Signature=\(signature)"
        return (added + [("Authorization", authorization)]).map { (name: $0.0, value: $0.1) }
    }

    /// Path and query of a URL that needs no header, and is good for so many seconds from `time` (milliseconds since
    /// the Unix epoch) on.
    package func presigned(_ request: Request, seconds: Int64, at time: Int64) -> String {
        let moment = Self.moment(time)
        var signed = request
        signed.query += [
            ("X-Amz-Algorithm", Self.algorithm), ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope(moment))"),
            ("X-Amz-Date", moment), ("X-Amz-Expires", String(seconds)),
            ("X-Amz-SignedHeaders", Self.headers(of: request).map(\.name).joined(separator: ";")),
        ]
        if let token = credentials.sessionToken { signed.query.append(("X-Amz-Security-Token", token)) }
        let (signature, _) = sign(signed, payload: Self.unsignedPayload, moment)
        return signed.target + "&X-Amz-Signature=" + signature
    }

    // MARK: Signing

    private func sign(_ request: Request, payload: String, _ moment: String) -> (signature: String, names: String) {
        let headers = Self.headers(of: request)
        let names = headers.map(\.name).joined(separator: ";")
        let canonical = [
            request.method, Self.encoded(path: request.path), Self.canonical(request.query),
            headers.map { "\($0.name):\($0.value)\n" }.joined(), names, payload,
        ].joined(separator: "\n")
        let digest = Hex.encode(SHA256.digest(Array(canonical.utf8)))
        let text = "\(Self.algorithm)\n\(moment)\n\(scope(moment))\n\(digest)"
        return (Hex.encode(HMACSHA256.digest(key: key(moment), text.utf8)), names)
    }

    private func key(_ moment: String) -> [UInt8] {
        [String(moment.prefix(8)), region, "s3", "aws4_request"].reduce(
            Array("AWS4\(credentials.secretAccessKey)".utf8)
        ) { key, part in HMACSHA256.digest(key: key, part.utf8) }
    }

    private func scope(_ moment: String) -> String { "\(moment.prefix(8))/\(region)/s3/aws4_request" }

    private static func headers(of request: Request) -> [(name: String, value: String)] {
        (request.headers.map { (name: $0.name.lowercased(), value: $0.value) } + [("host", request.host)])
            .sorted { $0.name < $1.name }
    }

    fileprivate static func canonical(_ query: [(name: String, value: String)]) -> String {
        query.map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }
            .sorted { $0 < $1 }.map { "\($0)=\($1)" }.joined(separator: "&")
    }

    fileprivate static func encoded(path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { PercentEncoding.encode($0) }
            .joined(separator: "/")
    }

    /// `20130524T000000Z`.
    private static func moment(_ time: Int64) -> String {
        RFC3339.format(milliseconds: time).prefix { $0 != "." }.filter { $0 != "-" && $0 != ":" } + "Z"
    }
}
