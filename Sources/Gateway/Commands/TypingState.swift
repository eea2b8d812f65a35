internal import Shared

/// In which conversations a session types: told at most once per two seconds, and ended by itself after six.
///
/// Confined to its worker's loop.
final class TypingState {
    /// Milliseconds between two notices of one conversation.
    private static let interval: Int64 = 2_000
    /// Milliseconds after which typing ends without being said.
    private static let lifetime: Int64 = 6_000

    private struct Entry {
        var lastTold: Int64
        var timer: TimerID
    }

    private let loop: EventLoop
    private let publish: (UUID, Bool) -> Void
    private var entries: [UUID: Entry] = [:]

    init(loop: EventLoop, publish: @escaping (_ conversation: UUID, _ isTyping: Bool) -> Void) {
        self.loop = loop
        self.publish = publish
    }

    func changed(_ conversation: UUID, isTyping: Bool) {
        let known = entries.removeValue(forKey: conversation)
        if let known { loop.cancel(known.timer) }
        guard isTyping else {
            if known != nil { publish(conversation, false) }
            return
        }
        let isDue = known.map { loop.now - $0.lastTold >= Self.interval } ?? true
        if isDue { publish(conversation, true) }
        let timer = loop.schedule(after: Self.lifetime) { [weak self] in self?.changed(conversation, isTyping: false) }
        entries[conversation] = Entry(lastTold: isDue ? loop.now : known?.lastTold ?? loop.now, timer: timer)
    }

    /// The session is gone.
    func endAll() {
        for conversation in Array(entries.keys) { changed(conversation, isTyping: false) }
    }
}
