import Shared
import Testing

@testable import Persister

/// A conversation whose messages lie in a stream, as the accept script puts them there.
struct Scribe {
    let redis: RedisConnection
    let partitioning: Partitioning
    let conversation: UUID
    let sender = UUID.random()

    init(_ redis: RedisConnection, partitions: Int, conversation: UUID = UUID.random()) {
        self.redis = redis
        self.conversation = conversation
        partitioning = Partitioning(count: partitions)
    }

    /// What the script has refused.
    struct Refusal: Error {
        let code: Int64
    }

    var partition: Partition { partitioning.partition(of: conversation) }

    /// Makes the conversation known to Redis.
    func open() async throws {
        _ = try await redis.call("SET", Keys.ticket(conversation, partition), "t")
        _ = try await redis.call(RedisScripts.load, keys: [Keys.stream(partition)]) { command in
            for word in [
                conversation.description, "t", "0", "1", "0", "-", "60000", sender.description, "ADMIN", "0", "0",
            ] {
                command.add(word)
            }
        }
    }

    /// Sends messages through the accept script; returns their ids.
    ///
    /// `entries` and `bytes` of them bound the stream.
    @discardableResult
    func send(
        _ messages: [(content: String, clientMessageID: String)], forget: Bool = false, entries: Int64 = 1_000_000,
        bytes: Int64 = 1 << 30
    ) async throws -> [Int64] {
        var ids: [Int64] = []
        for start in stride(from: 0, to: messages.count, by: 64) {
            let reply = try await redis.call(RedisScripts.accept, keys: [Keys.stream(partition)]) { command in
                command.add(WallClock.nowMilliseconds())
                command.add(Int64(43_200_000))
                command.add(entries)
                command.add(bytes)
                command.add("50")
                command.add(Int64(86_400_000))
                for message in messages[start..<min(start + 64, messages.count)] {
                    command.add(conversation.description)
                    command.add(sender.description)
                    // What Redis has forgotten has another digest.
                    command.add(
                        DedupeDigest.digest(
                            sender: sender,
                            clientMessageID: message.clientMessageID + (forget ? "\(UUID.random())" : "")))
                    command.add(Int64(0))
                    command.add(Int64(0))
                    command.add("0")
                    command.add("-")
                    command.add(
                        #""conversationId":"\#(conversation)","senderId":"\#(sender)","senderType":"USER","#
                            + #""messageType":"TEXT","content":"\#(message.content)","clientMessageId":""#
                            + #"\#(message.clientMessageID)","file":null,"editedAt":null,"isDeleted":false}"#)
                    command.add("")
                }
            }
            let numbers = try #require(reply.elements).compactMap(\.integer)
            for place in stride(from: 1, to: numbers.count, by: 3) {
                guard numbers[place] <= 1 else { throw Refusal(code: numbers[place]) }
                ids.append(numbers[place + 1])
            }
        }
        return ids
    }
}
