internal import Shared

/// What operators and their tools ask a node: `/healthz`, `/readyz`, `/metrics`.
struct Operations {
    private let node: NodeContext

    init(node: NodeContext) {
        self.node = node
    }

    /// Answers a request; nil where it is for somebody else.
    func respond(to request: HTTPRequest) -> HTTPResponse? {
        guard ["/healthz", "/readyz", "/metrics"].contains(request.path) else { return nil }
        guard request.method == "GET" || request.method == "HEAD" else { return Router.methodNotAllowed("GET, HEAD") }
        switch request.path {
        case "/healthz": return Router.json(200, Array(#"{"status":"ok"}"#.utf8))
        case "/readyz": return readiness
        default:
            let type = "text/plain; version=0.0.4; charset=utf-8"
            return HTTPResponse(
                status: 200, headers: HTTPHeaders([("Content-Type", type)]), body: node.metrics.registry.exposition())
        }
    }

    private var readiness: HTTPResponse {
        let missing = node.readiness.missing
        let body = JSONObject([
            ("status", .string(missing.isEmpty ? "ready" : "not ready")), ("node", .string(node.id)),
            ("missing", .array(missing.map { .string($0.rawValue) })),
        ])
        return Router.json(missing.isEmpty ? 200 : 503, JSONWriter.bytes(.object(body)))
    }
}
