internal import Shared

/// The positions as PostgreSQL has them: rows of `parley_meta`, so that no table is needed that the first release
/// lacks.
///
/// Confined to its loop.
struct PositionStore {
    private static let prefix = "position:"

    private let postgres: PostgresPool

    init(_ postgres: PostgresPool) {
        self.postgres = postgres
    }

    /// What stands there, by partition. What is missing is made, so that a batch has something to move.
    func read(_ partitions: [Int]) async throws(PostgresError) -> [Int: StreamID] {
        let keys = partitions.map(Self.key)
        let select = "select key, value from parley_meta where key = any($1)"
        var rows = try await postgres.query(select, [.texts(keys)]).rows
        if rows.count < keys.count {
            _ = try await postgres.query(
                "insert into parley_meta (key, value) select key, '0-0' from unnest($1::text[]) k (key) on conflict do nothing",
                [.texts(keys)])
            rows = try await postgres.query(select, [.texts(keys)]).rows
        }
        var positions: [Int: StreamID] = [:]
        for row in rows {
            guard let number = row.text(0).flatMap({ Int($0.dropFirst(Self.prefix.count)) }) else { continue }
            positions[number] = row.text(1).flatMap { StreamID($0) }
        }
        return positions
    }

    /// Moves positions by themselves; how many of them.
    func move(_ moves: [StoredPositions.Move]) async throws(PostgresError) -> Int {
        try await postgres.query("with \(Self.moved(from: 1)) select count(*) from moved", Self.parameters(moves))
            .rows.first?.integer(0).map { Int($0) } ?? 0
    }

    /// A part of a statement that moves those which are as expected; one whose answer was lost has moved already. Its
    /// parameters begin with this number.
    static func moved(from number: Int) -> String {
        """
        moved as (
            update parley_meta m set value = p.new
            from unnest($\(number)::text[], $\(number + 1)::text[], $\(number + 2)::text[]) as p (key, expected, new)
            where m.key = p.key and m.value in (p.expected, p.new) returning 1)
        """
    }

    static func parameters(_ moves: [StoredPositions.Move]) -> [PostgresValue] {
        [
            .texts(moves.map { key($0.partition) }), .texts(moves.map(\.expected.description)),
            .texts(moves.map(\.new.description)),
        ]
    }

    private static func key(_ partition: Int) -> String { prefix + String(partition) }
}
