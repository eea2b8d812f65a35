internal import Shared

/// Entries that are written together: what can't be read is set aside, and of each message only the newest state is
/// kept.
struct Batch {
    /// Names a message.
    struct Key: Hashable {
        let conversation: UUID
        let id: EventID
    }

    /// An entry and what it says.
    struct Item {
        let entry: Entry
        let state: MessageState
    }

    /// What can be written, in the order of the streams.
    private(set) var items: [Item] = []
    /// What can't be read.
    private(set) var unreadable: [Entry] = []

    init(_ entries: [Entry]) {
        for entry in entries {
            if let state = MessageState(entry.bytes) {
                items.append(Item(entry: entry, state: state))
            } else {
                unreadable.append(entry)
            }
        }
    }

    /// Those that can be written together, and those that claim the id of another message among them: whose it is, the
    /// table says, once the others stand there.
    static func separate(_ items: [Item]) -> (together: [Item], contested: [Item]) {
        var holders: [Key: Int] = [:]
        var together: [Item] = []
        var contested: [Item] = []
        together.reserveCapacity(items.count)
        for item in items {
            let key = Key(conversation: item.state.conversation, id: item.state.id)
            if let holder = holders[key] {
                guard together[holder].state.isSameMessage(as: item.state) else {
                    contested.append(item)
                    continue
                }
            } else {
                holders[key] = together.count
            }
            together.append(item)
        }
        return (together, contested)
    }

    /// Those of each client's id for a message, and those that use one again for another message.
    static func separateRepeats(_ items: [Item]) -> (first: [Item], later: [Item]) {
        struct ClientKey: Hashable {
            let conversation: UUID
            let sender: UUID
            let clientMessageID: String
        }
        var holders: [ClientKey: EventID] = [:]
        var first: [Item] = []
        var later: [Item] = []
        first.reserveCapacity(items.count)
        for item in items {
            let state = item.state
            let key = ClientKey(
                conversation: state.conversation, sender: state.sender, clientMessageID: state.clientMessageID)
            if holders[key, default: state.id] == state.id {
                holders[key] = state.id
                first.append(item)
            } else {
                later.append(item)
            }
        }
        return (first, later)
    }

    /// The newest state of each message among the items, which are of one message where they share an id: one statement
    /// may not touch a row twice.
    static func newest(_ items: ArraySlice<Item>) -> [MessageState] {
        var places: [Key: Int] = [:]
        var states: [MessageState] = []
        states.reserveCapacity(items.count)
        for item in items {
            let key = Key(conversation: item.state.conversation, id: item.state.id)
            guard let place = places[key] else {
                places[key] = states.count
                states.append(item.state)
                continue
            }
            if item.state.eventID > states[place].eventID { states[place] = item.state }
        }
        return states
    }
}
