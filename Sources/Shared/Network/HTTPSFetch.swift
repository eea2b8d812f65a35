internal import CCurl

/// Why something couldn't be fetched.
public struct FetchError: Error, Equatable, CustomStringConvertible {
    /// A sentence for logs, without the URL.
    public let description: String
}

/// Fetches small documents by https, with libcurl; blocks, so it belongs on the `BlockingPool`.
public enum HTTPSFetch {
    /// Milliseconds for connecting, and for all of it.
    private static let connectTimeout = 3_000
    private static let timeout = 5_000

    /// The content at a URL, at most `limit` bytes; `authorities` is a PEM file of those to trust instead of the system's.
    ///
    /// Redirects aren't followed: they could lead to plain http, or into the operator's own network.
    public static func get(_ url: String, authorities: String?, limit: Int) throws(FetchError) -> [UInt8] {
        guard LibCurl.isReady, let handle = curl_easy_init() else {
            throw FetchError(description: "libcurl can't be used")
        }
        defer { curl_easy_cleanup(handle) }
        let content = Content(limit: limit)
        let options: [(CURLoption, Int)] = [
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_FOLLOWLOCATION, 0), (CURLOPT_CONNECTTIMEOUT_MS, connectTimeout),
            (CURLOPT_TIMEOUT_MS, timeout),
        ]
        for (option, value) in options { parley_curl_set_long(handle, option, value) }
        parley_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "https")
        if let authorities {
            parley_curl_set_text(handle, CURLOPT_CAINFO, authorities)
            // Debian's libcurl looks into the system's folder as well, whatever file is named.
            parley_curl_set_text(handle, CURLOPT_CAPATH, nil)
        }
        parley_curl_set_text(handle, CURLOPT_URL, url)
        parley_curl_set_writer(
            handle,
            { bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                let content = Unmanaged<Content>.fromOpaque(context).takeUnretainedValue()
                return content.append(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
            }, Unmanaged.passUnretained(content).toOpaque())
        let result = withExtendedLifetime(content) { curl_easy_perform(handle) }
        guard result == CURLE_OK else { throw FetchError(description: LibCurl.text(result)) }
        let status = parley_curl_status(handle)
        guard status == 200 else { throw FetchError(description: "the status is \(status)") }
        return content.bytes
    }

    /// What has come in; owned by the call that waits for it.
    private final class Content {
        private(set) var bytes: [UInt8] = []
        private let limit: Int

        init(limit: Int) {
            self.limit = limit
        }

        func append(_ piece: UnsafeRawBufferPointer) -> Bool {
            guard bytes.count + piece.count <= limit else { return false }
            bytes.append(contentsOf: piece)
            return true
        }
    }
}
