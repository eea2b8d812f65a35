/// How far a message has got with everybody but its sender.
public enum MessageStatus: String, Sendable {
    /// It is accepted.
    case sent = "SENT"
    /// All have got it.
    case delivered = "DELIVERED"
    /// All have read it.
    case read = "READ"
}
