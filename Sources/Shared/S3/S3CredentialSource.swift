/// Where the credentials come from: fixed ones, or a file that another program renews.
package final class S3CredentialSource: Sendable {
    /// Milliseconds for which the file isn't looked at again.
    private static let freshness: Int64 = 1_000

    private struct Found {
        var credentials: S3Credentials?
        var readAt: Int64
    }

    private let path: String?
    private let found: Locked<Found>

    /// These ones, for as long as the process runs.
    package init(_ credentials: S3Credentials) {
        path = nil
        found = Locked(Found(credentials: credentials, readAt: 0))
    }

    /// Those of a file, which is read again and again.
    package init(path: String) {
        self.path = path
        found = Locked(Found(credentials: nil, readAt: .min))
    }

    /// The credentials of now; where the file can't be read, or has none, those that it had.
    package func current() async throws(S3Error) -> S3Credentials {
        guard let path else { return try known() }
        let now = MonotonicClock.nowMilliseconds()
        let isFresh = found.withLock { $0.credentials != nil && now - $0.readAt < Self.freshness }
        if !isFresh {
            let content = try? await BlockingPool.shared.run { () throws(SystemError) in Process.readFile(path) }
            let read = (content ?? nil).flatMap { S3Credentials(file: $0) }
            found.withLock { $0 = Found(credentials: read ?? $0.credentials, readAt: now) }
        }
        return try known()
    }

    private func known() throws(S3Error) -> S3Credentials {
        guard let credentials = found.withLock({ $0.credentials }) else {
            throw .credentials("\(path ?? "") has no aws_access_key_id and aws_secret_access_key")
        }
        return credentials
    }
}

extension S3Credentials {
    /// Reads a file as AWS' tools have it: lines `name = value`, under one profile at most; nil where a name is
    /// missing.
    init?(file: [UInt8]) {
        var values: [Substring: String] = [:]
        var profiles = 0
        for line in String(decoding: file, as: UTF8.self).split(whereSeparator: \.isNewline) {
            if line.hasPrefix("[") { profiles += 1 }
            let sides = line.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, !line.hasPrefix("#") else { continue }
            values[Self.trimmed(sides[0])] = String(Self.trimmed(sides[1]))
        }
        guard profiles <= 1, let id = values["aws_access_key_id"], let secret = values["aws_secret_access_key"] else {
            return nil
        }
        self.init(accessKeyID: id, secretAccessKey: secret, sessionToken: values["aws_session_token"])
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let rest = text.drop { $0.isWhitespace }
        guard let end = rest.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return rest[...end]
    }
}
