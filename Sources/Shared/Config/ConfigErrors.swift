/// Everything that is wrong with a program's configuration, so that it can be put right in one go.
public struct ConfigErrors: Error, Equatable, CustomStringConvertible {
    /// One line each: the variable, its value unless that may be secret, and what is allowed.
    public let problems: [String]

    /// The problems, a line each.
    public var description: String { problems.joined(separator: "\n") }
}
