/// What requests to an S3 store are signed with.
package struct S3Credentials: Sendable, Equatable {
    /// Names the key; it isn't secret.
    package var accessKeyID: String
    /// The key itself.
    package var secretAccessKey: String
    /// What belongs to a key that ends; nil for one that doesn't.
    package var sessionToken: String?

    /// Makes credentials of their parts.
    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String?) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }
}
