/// Why the tables can't be used by this process.
public enum MigrationError: Error, Equatable, CustomStringConvertible {
    /// A newer program has changed them so that only those work with them which know this version.
    case incompatible(needed: Int64, known: Int64)
    /// They aren't up to date, and this process may not bring them there.
    case outdated(missing: Int64)
    /// PostgreSQL can't be asked.
    case postgres(PostgresError)

    /// Whether waiting doesn't help.
    public var isIncompatible: Bool {
        if case .incompatible = self { true } else { false }
    }

    /// A sentence for the operator.
    public var description: String {
        switch self {
        case .incompatible(let needed, let known):
            "the tables need a program that knows version \(needed), this one knows \(known)"
        case .outdated(let missing): "the tables lack version \(missing)"
        case .postgres(let error): error.description
        }
    }
}
