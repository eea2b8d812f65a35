internal import Shared

/// `parley`: finds the subcommand and runs it.
enum CommandLineTool {
    /// The exit status for a wrong call (sysexits.h, EX_USAGE).
    static let usageError: Int32 = 64

    private static let usage = """
        parley: looks into a Parley deployment, makes tokens and ends them.

          parley token --user UUID [--role ROLE] [--name NAME] [--sender-type TYPE] [--jti ID] [--ttl 1h]
              prints a token signed with PARLEY_JWT_SECRET (HS256)
          parley sessions [--user UUID]
              prints the connected sessions, one JSON object per line (PARLEY_REDIS_URL)
          parley revoke --user UUID | --jti ID
              revokes all tokens that a user has got up to now, or one token, and ends their sessions (PARLEY_REDIS_URL)
          parley dead-letters list
              prints what PostgreSQL refused for good, one JSON object per line (PARLEY_REDIS_URL)
          parley dead-letters retry ID | drop ID
              lets the persister try one again, or forgets it for ever
          parley replay --since 10m | TIME
              lets the persisters write again what Redis has kept since then, for a PostgreSQL that has lost it; prints the
              partitions, one JSON object per line (PARLEY_REDIS_URL)
          parley archive --dry-run | --now [--after 90d]
              counts the conversations in which nobody has written for that long by the month of the last message, or archives
              them; without --after it is PARLEY_ARCHIVE_AFTER (PARLEY_REDIS_URL, PARLEY_DATABASE_URL)
          parley keys new NAME
              prints a line with a new master key for PARLEY_ENCRYPTION_KEYS_FILE
          parley keys list
              prints how many conversations' keys stand under which master key (PARLEY_DATABASE_URL)
          parley keys rotate
              brings all of them under the file's first master key; messages stay as they are (PARLEY_DATABASE_URL)
          parley nodes
              prints the gateways and whether they are alive, one JSON object per line (PARLEY_REDIS_URL)

        """

    /// Runs a command line; returns the exit status.
    static func run(_ arguments: [String], environment: [String: String]) -> Int32 {
        do {
            switch arguments.first {
            case "token": try TokenCommand.run(Options(arguments.dropFirst()), environment)
            case "sessions": try SessionsCommand.run(Options(arguments.dropFirst()), environment)
            case "revoke": try RevokeCommand.run(Options(arguments.dropFirst()), environment)
            case "dead-letters": try DeadLettersCommand.run(arguments.dropFirst(), environment)
            case "replay": try ReplayCommand.run(Options(arguments.dropFirst()), environment)
            case "archive":
                try ArchiveCommand.run(Options(arguments.dropFirst(), switches: ArchiveCommand.switches), environment)
            case "keys": try KeysCommand.run(arguments.dropFirst(), environment)
            case "nodes": try NodesCommand.run(Options(arguments.dropFirst()), environment)
            case "--version": StandardStreams.write("\(Version.current)\n")
            case "--help", "-h", "help": StandardStreams.write(usage)
            default:
                StandardStreams.writeError(usage)
                return usageError
            }
            return 0
        } catch {
            StandardStreams.writeError("parley: \(error.message)\n")
            return error.status
        }
    }
}

/// Why a command didn't do its work.
struct CommandFailure: Error {
    let message: String
    let status: Int32

    /// The call is wrong.
    static func usage(_ message: String) -> CommandFailure {
        CommandFailure(message: "\(message); see parley --help", status: CommandLineTool.usageError)
    }

    /// Something outside failed.
    static func failed(_ message: String) -> CommandFailure { CommandFailure(message: message, status: 1) }
}
