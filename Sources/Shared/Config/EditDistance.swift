/// How alike two names are.
enum EditDistance {
    /// How many bytes must be inserted, removed, replaced or swapped with their neighbour to make `left` from `right`.
    static func between(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1]
            for column in 0..<right.count {
                let replaced = previous[column] + (left[row] == right[column] ? 0 : 1)
                var least = min(replaced, previous[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    least = min(least, beforePrevious[column - 1] + 1)
                }
                current.append(least)
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[right.count]
    }

    /// The candidate that a person most likely meant; nil when none is near.
    static func nearest(to name: String, among candidates: [String]) -> String? {
        // A name is at most some dozens of bytes; what is longer is no slip of the finger, and the cost is the product.
        guard name.utf8.count <= 64 else { return nil }
        let near = candidates.map { (name: $0, distance: between(name, $0)) }.min { $0.distance < $1.distance }
        guard let near, near.distance <= max(2, name.utf8.count / 4) else { return nil }
        return near.name
    }
}
