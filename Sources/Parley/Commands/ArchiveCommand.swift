internal import Shared

/// `parley archive`: counts or archives conversations in which nobody has written for a while.
enum ArchiveCommand {
    static let switches: Set<String> = ["dry-run", "now"]

    static func run(_ options: Options, _ environment: [String: String]) throws(CommandFailure) {
        var options = options
        let text = options.take("after") ?? environment[PersisterSettings.archiveAfter.declaration.variable]
        try options.finish()
        guard options.has("dry-run") != options.has("now") else { throw .usage("one of --dry-run and --now is needed") }
        guard let age = text.flatMap(DurationText.parse), PersisterSettings.archiveAges.contains(age) else {
            throw .usage("--after must be a duration from 1d to 3650d")
        }
        let isTrial = options.has("dry-run")
        try StoresClient.run(environment) { stores in
            let archiver = Archiver(
                postgres: stores.postgres, redis: stores.redis, partitioning: stores.partitioning)
            let moment = try await archiver.moment(age: age)
            let total = Int(
                try await stores.postgres.query("select count(*) from conversations").rows.first?.integer(0) ?? 0)
            try await isTrial
                ? count(IdleConversations(stores.postgres), moment, total)
                : archive(archiver, stores, moment, total)
        }
    }

    /// Prints how many there are by the month of the last message, one JSON object per line.
    private static func count(_ conversations: IdleConversations, _ moment: Int64, _ total: Int) async throws {
        var bar = ProgressBar()
        defer { bar.end() }
        var months: [String: Int] = [:]
        var (scanned, found) = (0, 0)
        var place: UUID?
        repeat {
            let page = try await conversations.page(after: place, idleSince: moment)
            place = page.next
            scanned += page.scanned
            found += page.idle.count
            for one in page.idle {
                months[String(RFC3339.format(milliseconds: one.activity).prefix(7)), default: 0] += 1
            }
            bar.show(scanned, of: total, "\(found) idle")
        } while place != nil
        for (month, count) in months.sorted(by: { $0.key < $1.key }) {
            write([("month", .string(month)), ("conversations", .integer(Int64(count)))])
        }
        write([("scanned", .integer(Int64(scanned))), ("idle", .integer(Int64(found)))])
    }

    private static func archive(
        _ archiver: Archiver, _ stores: StoresClient.Stores, _ moment: Int64, _ total: Int
    ) async throws {
        guard try await DeploymentFormat.oldest(stores.redis) >= Archiver.format else {
            throw CommandFailure.failed("a gateway or persister of an earlier release is there still")
        }
        var bar = ProgressBar()
        defer { bar.end() }
        let progress = try await archiver.run(idleSince: moment) { progress, _ in
            bar.show(progress.scanned, of: total, "\(progress.archived) archived")
            return true
        }
        write([("scanned", .integer(Int64(progress.scanned))), ("archived", .integer(Int64(progress.archived)))])
    }

    private static func write(_ members: [(String, JSON)]) {
        StandardStreams.write(String(decoding: JSONWriter.bytes(.object(JSONObject(members))), as: UTF8.self) + "\n")
    }
}
