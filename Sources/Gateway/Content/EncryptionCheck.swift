internal import Shared

/// Whether a node's master keys are those that the stored contents need.
enum EncryptionCheck {
    /// What is wrong, as a sentence for the operator; nil where all is well.
    static func problem(_ ring: MasterKeyRing?, _ postgres: PostgresPool) async throws(PostgresError) -> String? {
        // One data key per master key, found by the index: there are many of the first and few of the second.
        let rows = try await postgres.query(
            """
            with recursive masters as (
                (select master from data_keys order by master limit 1)
                union all
                select (select d.master from data_keys d where d.master > m.master order by d.master limit 1)
                from masters m where m.master is not null
            )
            select m.master, k.conversation_id, k.wrapped from masters m
            cross join lateral (select * from data_keys d where d.master = m.master limit 1) k
            """
        ).rows
        for row in rows {
            guard let master = row.text(0), let conversation = row.uuid(1), let wrapped = row.text(2) else { continue }
            guard let ring else {
                return
                    "contents are encrypted under the master key \(master), but PARLEY_ENCRYPTION_KEYS_FILE isn't set"
            }
            guard ring.has(master) else {
                return
                    "contents are encrypted under the master key \(master), which isn't in PARLEY_ENCRYPTION_KEYS_FILE"
            }
            guard ring.unwrap(.init(master: master, text: wrapped), for: conversation) != nil else {
                return
                    "the key that PARLEY_ENCRYPTION_KEYS_FILE names \(master) isn't the one that contents are encrypted under"
            }
        }
        return nil
    }
}
