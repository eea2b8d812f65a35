extension RateKind {
    /// The bucket of a REST call by its method and its path behind `/api/`; nil where what it carries out asks for its own, as
    /// sending and uploading do.
    init?(_ method: String, _ path: some Collection<Substring>) {
        let path = path.map(String.init)
        switch (method, path.first, path.dropFirst(2).first) {
        case ("GET", _, _), ("HEAD", _, _): self = .reads
        case ("POST", "conversations", "messages"), ("PATCH", "conversations", "messages"),
            ("DELETE", "conversations", "messages"), ("POST", "conversations", "read"), ("POST", "files", nil):
            return nil
        case ("POST", "tickets", nil): self = .tickets
        default: self = .changes
        }
    }
}
