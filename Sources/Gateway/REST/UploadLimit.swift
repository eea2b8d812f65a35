internal import Shared

/// How large the file of an upload may be.
struct UploadLimit {
    let bytes: Int64
    /// Why it may be no larger.
    let refusal: CommandError

    /// `used` is what the user's files take already, where there is a quota.
    init(_ config: FilesConfig, used: Int64) {
        let left = config.userQuota.map { max(0, $0 - used) } ?? .max
        if left < config.maximumBytes {
            bytes = left
            refusal = CommandError(
                .quotaExceeded, "Your files may take \(config.userQuota ?? 0) bytes in all; \(left) are left.")
        } else {
            bytes = config.maximumBytes
            refusal = Self.tooLarge(config)
        }
    }

    static func tooLarge(_ config: FilesConfig) -> CommandError {
        CommandError(.fileTooLarge, "A file may have \(config.maximumBytes) bytes at most.")
    }
}
