#if DEBUG
@testable internal import Gateway

/// A message as its sender wrote it.
struct BrokerMessage {
    let id: String
    let destination: String
    /// The sender's headers but for those that are about his frame or that the broker writes.
    let headers: [(String, String)]
    let body: [UInt8]
}

/// Topics and queues in memory: a topic's message goes to all who subscribe, a queue's to one of them in turn, and waits where
/// there is none.
///
/// Confined to the server's loop.
final class Broker {
    private struct Mailbox {
        var subscriptions: [BrokerSubscription] = []
        /// Of a queue: what nobody has got.
        var waiting: [BrokerMessage] = []
        var next = 0
    }

    /// Headers of a SEND that say nothing about the message (STOMP 1.2, "SEND" and "MESSAGE").
    private static let ownHeaders: Set<String> = [
        "destination", "receipt", "transaction", "content-length", "message-id", "subscription", "ack",
    ]

    private var mailboxes: [String: Mailbox] = [:]
    private var lastMessage = 0

    /// Whether there is something at a destination.
    static func isKnown(_ destination: String) -> Bool {
        ["/topic/", "/queue/"].contains { destination.hasPrefix($0) && destination.utf8.count > $0.utf8.count }
    }

    private static func isQueue(_ destination: String) -> Bool { destination.hasPrefix("/queue/") }

    func send(_ frame: StompFrame, to destination: String) {
        lastMessage += 1
        var seen = Self.ownHeaders
        let headers = frame.headers.filter { seen.insert($0.name).inserted }
        let message = BrokerMessage(
            id: "m-\(lastMessage)", destination: destination, headers: headers.map { ($0.name, $0.value) },
            body: Array(frame.body))
        if Self.isQueue(destination) {
            mailboxes[destination, default: Mailbox()].waiting.append(message)
            distribute(destination)
        } else {
            for subscription in mailboxes[destination]?.subscriptions ?? [] { subscription.offer(message) }
        }
    }

    func add(_ subscription: BrokerSubscription) {
        mailboxes[subscription.destination, default: Mailbox()].subscriptions.append(subscription)
        distribute(subscription.destination)
    }

    /// Forgets a subscription; what it hasn't settled goes back to the head of its queue.
    func remove(_ subscription: BrokerSubscription) {
        let destination = subscription.destination
        mailboxes[destination]?.subscriptions.removeAll { $0 === subscription }
        guard Self.isQueue(destination) else { return }
        mailboxes[destination]?.waiting.insert(contentsOf: subscription.takeUnsettled(), at: 0)
        distribute(destination)
    }

    /// Hands out what waits in a queue to those who can take it.
    func distribute(_ destination: String) {
        guard Self.isQueue(destination), var mailbox = mailboxes[destination] else { return }
        while let message = mailbox.waiting.first {
            let count = mailbox.subscriptions.count
            let turns = (0..<count).map { (mailbox.next + $0) % count }
            guard let turn = turns.first(where: { mailbox.subscriptions[$0].hasRoom }) else { break }
            mailbox.waiting.removeFirst()
            mailbox.next = turn + 1
            mailbox.subscriptions[turn].offer(message)
        }
        mailboxes[destination] = mailbox
    }
}
#endif
