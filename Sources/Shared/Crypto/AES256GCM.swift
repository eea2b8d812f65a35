internal import COpenSSL

/// AES-256 in Galois/Counter mode (NIST SP 800-38D).
public enum AES256GCM {
    /// Bytes of a key.
    public static let keyCount = 32
    /// Bytes of a nonce.
    public static let nonceCount = 12
    /// Bytes by which a ciphertext is longer than its text.
    public static let tagCount = 16

    /// Encrypts; returns the ciphertext and behind it the tag, which covers `context` too.
    ///
    /// A nonce must not be used twice with one key for different texts.
    public static func seal(_ text: [UInt8], key: [UInt8], nonce: [UInt8], context: [UInt8]) -> [UInt8] {
        precondition(key.count == keyCount && nonce.count == nonceCount, "a key of 32 bytes, a nonce of 12")
        let cipher = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(cipher) }
        var output = [UInt8](repeating: 0, count: text.count + tagCount)
        var written: Int32 = 0
        var last: Int32 = 0
        let succeeded = output.withUnsafeMutableBufferPointer { output in
            EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
                && EVP_EncryptUpdate(cipher, nil, &last, context, Int32(context.count)) == 1
                && EVP_EncryptUpdate(cipher, output.baseAddress, &written, text, Int32(text.count)) == 1
                && EVP_EncryptFinal_ex(cipher, output.baseAddress.map { $0 + text.count }, &last) == 1
                && EVP_CIPHER_CTX_ctrl(
                    cipher, EVP_CTRL_AEAD_GET_TAG, Int32(tagCount), output.baseAddress.map { $0 + text.count }) == 1
        }
        precondition(succeeded, "OpenSSL has no AES-256-GCM")
        return output
    }

    /// Decrypts what `seal` returned, with its nonce in front.
    public static func open(behindNonce bytes: [UInt8], key: [UInt8], context: [UInt8]) -> [UInt8]? {
        guard bytes.count > nonceCount else { return nil }
        return open(
            Array(bytes[nonceCount...]), key: key, nonce: Array(bytes[..<nonceCount]), context: context)
    }

    /// Decrypts what `seal` returned; nil where the key, the nonce or the context is another, or the bytes were changed.
    public static func open(_ sealed: [UInt8], key: [UInt8], nonce: [UInt8], context: [UInt8]) -> [UInt8]? {
        guard sealed.count >= tagCount, key.count == keyCount, nonce.count == nonceCount else { return nil }
        let count = sealed.count - tagCount
        var tag = Array(sealed[count...])
        let cipher = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(cipher) }
        var text = [UInt8](repeating: 0, count: count)
        var written: Int32 = 0
        var last: Int32 = 0
        ERR_clear_error()
        let succeeded = text.withUnsafeMutableBufferPointer { text in
            EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
                && EVP_DecryptUpdate(cipher, nil, &last, context, Int32(context.count)) == 1
                && EVP_DecryptUpdate(cipher, text.baseAddress, &written, sealed, Int32(count)) == 1
                && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(tagCount), &tag) == 1
                && EVP_DecryptFinal_ex(cipher, text.baseAddress.map { $0 + count }, &last) == 1
        }
        return succeeded ? text : nil
    }
}
