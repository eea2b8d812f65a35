import COpenSSL
import Glibc
import Testing

@testable import Shared

/// A server's `TLSStream` and a client that does what it likes, on a pair of sockets that take little.
final class TLSPair {
    /// A throw-away certificate for localhost until 2100, and its key.
    private static let certificate = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgCm8Y3qIeSd+zN+R9
        ec2JhvaxhRM8Gq5qFcoSUgVyQ0ShRANCAAQ/NTa1sowsv/bo3qybFZGHouy3WYAV
        vPJqN3W2KecyhmdZ+XKiywlVClYT3EC4rfyiVB/jWM+CKVYKBjyvUOgf
        -----END PRIVATE KEY-----
        -----BEGIN CERTIFICATE-----
        MIIBfzCCASWgAwIBAgIUTLCNL5jBg8/UvtVsEvoj/85YyrgwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyODA3MzkwN1oYDzIxMDAxMDMx
        MDczOTA3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAAQ/NTa1sowsv/bo3qybFZGHouy3WYAVvPJqN3W2KecyhmdZ+XKiywlV
        ClYT3EC4rfyiVB/jWM+CKVYKBjyvUOgfo1MwUTAdBgNVHQ4EFgQUKWn4J0DfGQlV
        BZSxLb6PLy4Q/kYwHwYDVR0jBBgwFoAUKWn4J0DfGQlVBZSxLb6PLy4Q/kYwDwYD
        VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAq6S7w0Dgqx0brPjZtDZd
        J0mXBpLYNHqpgtURs19CNfoCICHWXYLC83x3ivh0yGLxqIWOJQwL3QdnjNoxqqy5
        Pn+C
        -----END CERTIFICATE-----

        """

    let server: TLSStream
    private let context: OpaquePointer
    private let client: OpaquePointer
    private let sockets: (server: Int32, client: Int32)

    init() throws {
        var ends: [Int32] = [0, 0]
        try SystemCall.checked("socketpair") {
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &ends)
        }
        sockets = (ends[0], ends[1])
        server = try TLSStream(server: try Self.serverContext(), sockets.server)
        context = try #require(SSL_CTX_new(TLS_client_method()))
        client = try #require(SSL_new(context))
        SSL_set_fd(client, sockets.client)
        SSL_set_connect_state(client)
        var isDone = false
        while !isDone {
            let isClientDone = SSL_do_handshake(client) == 1
            isDone = server.handshake() == .done && isClientDone
        }
    }

    deinit {
        SSL_free(client)
        SSL_CTX_free(context)
        close(sockets.server)
        close(sockets.client)
    }

    private static func serverContext() throws -> TLSContext {
        var path = Array("/tmp/parley-certificate-XXXXXX".utf8CString)
        let file = mkstemp(&path)
        defer {
            close(file)
            unlink(path)
        }
        let text = Array(certificate.utf8)
        #expect(write(file, text, text.count) == text.count)
        let name = path.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        return try .server(certificateFile: name, keyFile: name)
    }

    /// The client asks for new keys (RFC 8446, section 4.6.3).
    func askForKeys() {
        #expect(SSL_key_update(client, SSL_KEY_UPDATE_REQUESTED) == 1 && SSL_do_handshake(client) == 1)
    }

    /// The client sends bytes.
    func clientSends(_ bytes: [UInt8]) {
        #expect(SSL_write(client, bytes, Int32(bytes.count)) == bytes.count)
    }

    /// What has come to the client.
    func clientReceives() -> [UInt8] {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        var count: Int32 = 0
        repeat {
            count = SSL_read(client, &buffer, Int32(buffer.count))
            if count > 0 { received += buffer[..<Int(count)] }
        } while count > 0
        #expect(SSL_get_error(client, count) == SSL_ERROR_WANT_READ)
        return received
    }
}
