internal import Glibc

extension AnySetting {
    /// Why nothing can listen at the address that this setting names, for the operator.
    public func problem(listeningOn address: SocketAddress, _ error: SystemError) -> String {
        let reason = error.number == EADDRINUSE ? "another process listens there" : error.description
        return "\(variable)=\(address): \(reason)"
    }
}
