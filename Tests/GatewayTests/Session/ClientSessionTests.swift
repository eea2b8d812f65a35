import Testing

@testable import Gateway
@testable import Shared

/// The nodes of all tests: a node lives as long as its process, and its parts know one another.
private let nodes = Locked<[Node]>([])

/// A node of one loop whose stores are never there, and sessions on connections of its worker.
private struct Bench {
    let node: Node

    init() throws {
        // Nobody is asked to connect: what Redis would say is "not connected".
        let config = try GatewayConfig.read(environment: [
            "PARLEY_JWT_SECRET": "0123456789abcdef0123456789abcdef", "PARLEY_LOG_LEVEL": "error",
        ])
        let revocations = Revocations(leeway: 0)
        let context = NodeContext(
            config, descriptors: DescriptorBudget(wanted: config.maximumConnections, limit: .max, loops: 1), id: "test",
            authenticator: try Authenticator(
                config.security, key: .secret(config.security.secret ?? []), revocations: revocations),
            revocations: revocations, keySet: nil, certificate: nil, masterKeys: nil, files: nil,
            metrics: GatewayMetrics(MetricsRegistry()))
        let endpoint = try #require(RedisEndpoint(url: "redis://127.0.0.1:1"))
        let node = try Node(context, endpoint: endpoint, loops: 1)
        self.node = node
        nodes.withLock { $0.append(node) }
    }

    /// Runs `body` with the worker on its loop, which turns on the test's thread until something holds.
    func turn(_ body: @escaping (Worker) throws -> Void, until condition: @escaping () -> Bool) -> Bool {
        let confined = Confined(body)
        return node.loops[0].turn {
            node.workers[0].run { worker in
                #expect(throws: Never.self) { try confined.value(worker) }
            }
        } until: {
            condition()
        }
    }
}

@Suite struct ClientSessionTests {
    /// The answer to a join that has timed out may come during the next one, and would open a room behind its feed.
    @Test func theAnswerToAnEarlierJoinOpensNoRoom() throws {
        let bench = try Bench()
        let conversation = UUID.random()
        var isOpen = false
        var wasOpenTooEarly = false
        let isDone = bench.turn { worker in
            worker.loop.spawn {
                if case .success = await worker.rooms.open(conversation) { isOpen = true }
            }
            worker.loop.schedule(after: 5) {
                worker.rooms.answered(conversation, worker.rooms.joins - 1, .live(position: 7))
                worker.loop.schedule(after: 5) {
                    wasOpenTooEarly = isOpen
                    worker.rooms.answered(conversation, worker.rooms.joins, .live(position: 9))
                    #expect(worker.rooms.position(of: conversation) == 9)
                }
            }
        } until: {
            isOpen
        }
        #expect(isDone && !wasOpenTooEarly)
    }

    /// A SUBSCRIBE takes its time, and its session may end before it begins: it was never taken out again, and what concerned the
    /// user next reached a session that was gone.
    @Test(arguments: ["receipts", "conversations", "messages"])
    func aSessionThatEndsBeforeItsSubscribeBeginsIsGone(queue: String) throws {
        let bench = try Bench()
        let user = UUID.random()
        weak var session: ClientSession?
        var worker: Worker?
        var pair: ConnectionPair?
        let isGone = bench.turn { found in
            let made = try ConnectionPair(found.loop, found.connections)
            let begun = ClientSession(
                identity: Identity(user: user), connection: made.connection, worker: found, compression: nil)
            made.connection.peer = begun
            found.sessionIndex.add(begun, begun.id, begun.identity)
            begun.phase = .connected
            begun.subscribe(
                "q", "/user/queue/\(queue)", .auto, StompFrame(.subscribe), hasID: true, receipt: nil)
            begun.end(.forbidden, reason: "ended by an operator")
            (session, worker, pair) = (begun, found, made)
        } until: {
            session == nil
        }
        #expect(isGone, "nothing holds a session that has ended")
        #expect(worker?.sessionIndex.count == 0)
        worker?.userQueues.deliver(receipt: [], to: user)
        worker?.userQueues.deliver(notice: [], to: user)
        worker?.userQueues.fallBehind([user])
        pair?.leave()
    }

    /// An end is for whom it names: neither for the user's younger tokens nor for others.
    @Test func aRevocationEndsTheSessionsOfItsTokens() throws {
        let bench = try Bench()
        let user = UUID.random()
        let old = Identity(user: user, issuedAt: 100, tokenID: "old")
        let identities = [
            old, Identity(user: user, issuedAt: 300, tokenID: "new"), Identity(user: .random(), issuedAt: 100), old,
        ]
        var ends: [Bool] = []
        var pairs: [ConnectionPair] = []
        let isDone = bench.turn { worker in
            let sessions = try identities.map { identity in
                let pair = try ConnectionPair(worker.loop, worker.connections)
                let session = ClientSession(
                    identity: identity, connection: pair.connection, worker: worker, compression: nil)
                pair.connection.peer = session
                worker.sessionIndex.add(session, session.id, identity)
                pairs.append(pair)
                return session
            }
            // The last has a newer token meanwhile.
            sessions[3].takeOver(Identity(user: user, issuedAt: 300, tokenID: "newer"))
            worker.node.revocations.add([("u:\(user)", 200), ("j:newer", 400)])
            worker.endSessions(EndedSessions(kicked: [], revoked: ["u:\(user)"]))
            ends = sessions.map(\.isEnded)
            #expect(ends == [true, false, false, true], "the newer token is revoked by its own name")
            worker.endSessions(EndedSessions(kicked: [sessions[2].id], revoked: []))
            ends = sessions.map(\.isEnded)
        } until: {
            !ends.isEmpty
        }
        #expect(isDone && ends == [true, false, true, true])
        for pair in pairs { pair.leave() }
    }
}
