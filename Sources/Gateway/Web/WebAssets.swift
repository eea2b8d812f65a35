internal import Shared

/// The demo page, embedded in the program.
enum WebAssets {
    private struct Asset {
        let type: String
        let bytes: [UInt8]
        let tag: String

        init(_ type: String, _ bytes: [UInt8]) {
            self.type = type
            self.bytes = bytes
            tag = "\"\(Hex.encode(SHA256.digest(bytes).prefix(16)))\""
        }
    }

    private static let script = "text/javascript; charset=utf-8"
    private static let assets: [String: Asset] = [
        "/": Asset("text/html; charset=utf-8", PackageResources.index_html),
        "/assets/app.css": Asset("text/css; charset=utf-8", PackageResources.app_css),
        "/assets/app.js": Asset(script, PackageResources.app_js),
        "/assets/conversation.js": Asset(script, PackageResources.conversation_js),
        "/assets/dialog.js": Asset(script, PackageResources.dialog_js),
        "/assets/files.js": Asset(script, PackageResources.files_js),
        "/assets/stomp.js": Asset(script, PackageResources.stomp_js),
        "/assets/view.js": Asset(script, PackageResources.view_js),
    ]

    /// Nothing but our own files is loaded, and the page can't be framed.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; "
        + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

    /// Answers a request for a file of the page; nil where it is for something else.
    static func respond(to request: HTTPRequest) -> HTTPResponse? {
        guard let asset = assets[request.path] else { return nil }
        guard request.method == "GET" || request.method == "HEAD" else { return Router.methodNotAllowed("GET, HEAD") }
        let headers = HTTPHeaders([
            ("Content-Type", asset.type), ("ETag", asset.tag), ("Cache-Control", "no-cache"),
            ("Content-Security-Policy", policy), ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
        ])
        if request.headers.knows(asset.tag) {
            return HTTPResponse(status: 304, headers: headers)
        }
        return HTTPResponse(status: 200, headers: headers, body: asset.bytes)
    }
}
