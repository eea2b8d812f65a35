internal import CCurl

/// libcurl itself.
enum LibCurl {
    /// Sets it up; once, before other threads use it (curl_global_init(3)).
    static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// What a result means.
    static func text(_ result: CURLcode) -> String { String(cString: curl_easy_strerror(result)) }
}
