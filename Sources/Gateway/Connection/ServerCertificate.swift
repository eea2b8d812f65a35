internal import Shared

/// The files of the gateway's own certificate, which an operator renews under a running node.
struct ServerCertificate: Sendable {
    let certificateFile: String
    let keyFile: String
    /// What the files held at the start.
    let initial: TLSContext

    init(certificateFile: String, keyFile: String) throws(TLSError) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        initial = try .server(certificateFile: certificateFile, keyFile: keyFile)
    }

    /// Reads the files again, away from the loops; `completion` is called on another thread.
    func reload(_ completion: @escaping @Sendable (Result<TLSContext, TLSError>) -> Void) {
        BlockingPool.shared.run {
            do throws(TLSError) {
                completion(.success(try TLSContext.server(certificateFile: certificateFile, keyFile: keyFile)))
            } catch {
                completion(.failure(error))
            }
        } whenFull: {
            // An operator asks again.
        }
    }
}
