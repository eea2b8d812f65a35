internal import COpenSSL

/// Why a certificate, a key or a connection can't be used.
public struct TLSError: Error, Equatable, CustomStringConvertible {
    /// A sentence for the operator.
    public let description: String

    /// Makes an error from what OpenSSL has to say of its last failure.
    init(_ what: String) {
        let number = ERR_get_error()
        ERR_clear_error()
        guard number != 0 else {
            description = what
            return
        }
        var text = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(number, &text, text.count)
        let reason = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        description = "\(what): \(String(decoding: reason, as: UTF8.self))"
    }
}
