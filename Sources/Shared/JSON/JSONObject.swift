/// The members of a JSON object in their order, each name once.
///
/// Names are compared byte by byte: Swift's own comparison of strings takes the Kelvin sign for a K.
public struct JSONObject: Sendable {
    /// The members in the order they came or were added.
    public private(set) var members: [(name: String, value: JSON)]

    /// Makes an object from names and values; a name that is given twice keeps its place and takes the later value.
    public init(_ members: [(String, JSON)] = []) {
        self.members = []
        self.members.reserveCapacity(members.count)
        for (name, value) in members { self[name] = value }
    }

    /// Makes an object from members whose names are known to differ.
    init(distinct members: [(name: String, value: JSON)]) {
        self.members = members
    }

    /// The value of the member with this name; a new one is added behind the others, nil removes it.
    public subscript(_ name: String) -> JSON? {
        get { place(of: name).map { members[$0].value } }
        set {
            switch (place(of: name), newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil): members.remove(at: place)
            case (nil, let value?): members.append((name, value))
            case (nil, nil): break
            }
        }
    }

    private func place(of name: String) -> Int? {
        members.firstIndex { $0.name.hasSameBytes(as: name) }
    }
}

extension JSONObject: Equatable {
    /// Whether both have the same members in the same order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members.count == right.members.count
            && zip(left.members, right.members).allSatisfy { $0.name.hasSameBytes(as: $1.name) && $0.value == $1.value }
    }
}

extension String {
    /// Whether both texts consist of the same UTF-8 bytes; `==` also accepts canonical equivalents.
    func hasSameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }
}
