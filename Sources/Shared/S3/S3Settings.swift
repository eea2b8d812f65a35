/// What an S3 store needs to be told.
package struct S3Settings: Sendable {
    /// Where it is.
    package var location: S3Location
    /// What requests are signed with.
    package var credentials: S3CredentialSource
    /// Milliseconds for which it may be silent.
    package var timeout: Int64
    /// The folder on whose disk parts wait to be sent.
    package var stagingFolder: String
    /// Bytes of each part but a file's last.
    package var partBytes: Int

    /// What the environment says of a store; nil where something is missing, which the reader notes.
    package init?(_ reader: inout ConfigReader, _ location: S3Location, partBytes: Int) {
        self.location = location
        self.partBytes = partBytes
        stagingFolder = reader.read(GatewaySettings.s3StagingDir)
        timeout = reader.read(GatewaySettings.s3Timeout)
        let id = reader.read(GatewaySettings.s3AccessKeyID)
        let secret = reader.read(GatewaySettings.s3SecretAccessKey)
        let token = reader.read(GatewaySettings.s3SessionToken)
        switch (id, secret, reader.read(GatewaySettings.s3CredentialsFile)) {
        case (let id?, let secret?, nil):
            credentials = S3CredentialSource(
                S3Credentials(accessKeyID: id, secretAccessKey: secret, sessionToken: token))
        case (nil, nil, let path?): credentials = S3CredentialSource(path: path)
        default:
            reader.fail(
                GatewaySettings.filesURL,
                "needs PARLEY_S3_ACCESS_KEY_ID and PARLEY_S3_SECRET_ACCESS_KEY, or PARLEY_S3_CREDENTIALS_FILE alone")
            return nil
        }
    }

    /// Bytes of a part, a multiple of `unit`, such that a file of `largest` bytes has no more parts than S3 takes:
    /// 10,000. Smaller parts than 8 MiB cost more requests than they spare.
    package static func partBytes(largest: Int64, unit: Int) -> Int {
        let least = max(8 << 20, (largest + 9_999) / 10_000)
        return Int((least + Int64(unit) - 1) / Int64(unit)) * unit
    }
}
