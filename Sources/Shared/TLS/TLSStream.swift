internal import COpenSSL
internal import Glibc

/// TLS on a non-blocking socket: the same calls as on the socket itself.
///
/// Confined to its loop.
public final class TLSStream {
    /// What a step of the handshake came to.
    public enum Handshake: Equatable {
        case done
        /// Try again when the socket is readable, or also writable.
        case wouldBlock(wantsWrite: Bool)
        /// The connection is unusable.
        case failed(String)
    }

    /// So many new keys a peer may ask for while the connection lives: each is work for us and next to none for it, and nobody needs
    /// more than one per 2^24 records (RFC 8446, sections 4.6.3 and 5.5).
    private static let maximumKeyUpdates: Int32 = 64

    private let ssl: OpaquePointer
    private let keyUpdates: UnsafeMutablePointer<Int32>
    /// Whether OpenSSL keeps a record of ours that the socket didn't take.
    private var holdsRecord = false
    /// Whether the peer has asked for new keys meanwhile: the record has to leave before they are answered, and OpenSSL,
    /// asked twice, would put the answer in its place and fail ("bad length").
    private var owesKeys = false

    /// The server's side of an accepted connection.
    public init(server context: TLSContext, _ descriptor: Int32) throws(TLSError) {
        (ssl, keyUpdates) = try Self.make(context, descriptor)
        SSL_set_accept_state(ssl)
    }

    /// The client's side of a connection to `host`, a name or an address that the certificate has to be for.
    public init(client context: TLSContext, _ descriptor: Int32, host: String) throws(TLSError) {
        (ssl, keyUpdates) = try Self.make(context, descriptor)
        SSL_set_connect_state(ssl)
        let isAddress = SocketAddress(literal: host, port: 0) != nil
        let isSet =
            isAddress
            ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host)
            : parley_ssl_set_server_name(ssl, host) & SSL_set1_host(ssl, host)
        guard isSet == 1 else { throw TLSError("\(host) can't be named in TLS") }
    }

    private static func make(
        _ context: TLSContext, _ descriptor: Int32
    ) throws(TLSError) -> (OpaquePointer, UnsafeMutablePointer<Int32>) {
        ERR_clear_error()
        guard let ssl = SSL_new(context.context) else { throw TLSError("TLS isn't there") }
        guard SSL_set_fd(ssl, descriptor) == 1 else {
            SSL_free(ssl)
            throw TLSError("TLS can't use the socket")
        }
        let keyUpdates = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
        keyUpdates.initialize(to: 0)
        parley_ssl_count_key_updates(ssl, keyUpdates)
        return (ssl, keyUpdates)
    }

    deinit {
        SSL_free(ssl)
        keyUpdates.deallocate()
    }

    /// Goes on with the handshake.
    public func handshake() -> Handshake {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        if result == 1 { return .done }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wouldBlock(wantsWrite: false)
        case SSL_ERROR_WANT_WRITE: return .wouldBlock(wantsWrite: true)
        case SSL_ERROR_SYSCALL: return .failed("the connection ended within the handshake")
        default: return .failed(TLSError("handshake").description)
        }
    }

    /// Receives into `buffer` from its start. A buffer of 16 KiB or more takes a whole record (RFC 8446, section 5.1), so that
    /// nothing waits inside when the socket isn't readable any more. One call takes one record, whatever it holds. `wantsWrite`
    /// lasts until a `send` succeeds, where one is due.
    public func receive(into buffer: inout [UInt8]) -> IOResult {
        guard !owesKeys else { return .wantsWrite }
        let known = keyUpdates.pointee
        let result = buffer.withUnsafeMutableBytes { bytes in
            call(whenFull: .wantsWrite) { SSL_read(ssl, bytes.baseAddress, Int32(clamping: bytes.count)) }
        }
        guard keyUpdates.pointee <= Self.maximumKeyUpdates else { return .failed(EPROTO) }
        owesKeys = holdsRecord && keyUpdates.pointee > known
        return owesKeys && result == .wouldBlock ? .wantsWrite : result
    }

    /// Sends bytes; some of them may be taken only. After `wouldBlock` the same bytes have to be offered again, more may follow.
    public func send(_ bytes: UnsafeRawBufferPointer) -> IOResult {
        let result = call(whenFull: .wouldBlock) { SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count)) }
        holdsRecord = result == .wouldBlock
        owesKeys = owesKeys && holdsRecord
        return result
    }

    /// Sends bytes from `offset` on.
    func send(_ bytes: [UInt8], from offset: Int) -> IOResult {
        bytes.withUnsafeBytes { send(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
    }

    /// Says that nothing more will be sent (RFC 8446, section 6.1); nothing is awaited.
    public func close() {
        ERR_clear_error()
        SSL_shutdown(ssl)
    }

    private func call(whenFull: IOResult, _ body: () -> Int32) -> IOResult {
        ERR_clear_error()
        errno = 0
        let count = body()
        if count > 0 { return .count(Int(count)) }
        switch SSL_get_error(ssl, count) {
        case SSL_ERROR_WANT_READ: return .wouldBlock
        case SSL_ERROR_WANT_WRITE: return whenFull
        case SSL_ERROR_ZERO_RETURN: return .count(0)
        case SSL_ERROR_SYSCALL: return errno == 0 ? .count(0) : .failed(errno)
        default: return .failed(EPROTO)
        }
    }
}
