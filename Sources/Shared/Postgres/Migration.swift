/// One change of the tables.
struct Migration {
    let version: Int64
    let name: String
    /// The oldest program that works with the tables from here on: the version of the newest migration that it knows.
    let compatibleFrom: Int64
    /// What is done in one transaction.
    let statements: [String]
    /// Instead of it: indexes that are built beside the work of others, one after the other.
    let indexes: [ConcurrentIndex]

    /// A file with an index that is built concurrently has nothing else: what was done before it would be done again when it is
    /// broken off.
    init(_ version: Int64, _ name: String, compatibleFrom: Int64, _ sql: [UInt8]) {
        self.version = version
        self.name = name
        self.compatibleFrom = compatibleFrom
        let statements = SQLStatements.split(sql)
        let indexes = statements.compactMap { ConcurrentIndex($0) }
        precondition(indexes.isEmpty || indexes.count == statements.count, "\(name) mixes two kinds of statements")
        self.statements = indexes.isEmpty ? statements : []
        self.indexes = indexes
    }

    /// The first release: what only this one knows was recorded in another table, and it refuses any version there beyond it.
    static let firstRelease: Int64 = 5

    /// Never change one that has been released: add another.
    static let all = [
        Migration(1, "schema", compatibleFrom: 1, PackageResources._001_schema_sql),
        Migration(2, "announcements", compatibleFrom: 2, PackageResources._002_announcements_sql),
        Migration(3, "versions", compatibleFrom: 3, PackageResources._003_versions_sql),
        Migration(4, "data_keys", compatibleFrom: 4, PackageResources._004_data_keys_sql),
        Migration(5, "files", compatibleFrom: 5, PackageResources._005_files_sql),
        Migration(6, "leases", compatibleFrom: 5, PackageResources._006_leases_sql),
        Migration(7, "messages_files", compatibleFrom: 5, PackageResources._007_messages_files_sql),
        Migration(8, "files_claims", compatibleFrom: 5, PackageResources._008_files_claims_sql),
        Migration(9, "archived_by_age", compatibleFrom: 5, PackageResources._009_archived_by_age_sql),
        Migration(10, "files_content", compatibleFrom: 5, PackageResources._010_files_content_sql),
        Migration(11, "files_upload_key", compatibleFrom: 5, PackageResources._011_files_upload_key_sql),
        Migration(12, "files_uploader", compatibleFrom: 5, PackageResources._012_files_uploader_sql),
    ]
}
