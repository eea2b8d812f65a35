internal import Shared

/// Files on their way: in as their content comes, out as the client takes them.
extension HTTPPeer {
    /// Answers a request while its content comes in. An answer that doesn't wait for all of it ends the connection.
    func takeUpload(_ request: HTTPRequest, _ length: Int?, expectsContinue: Bool) {
        worker.metrics.httpRequests.increment()
        uploadDeadline = worker.loop.now + worker.node.config.files.uploadTimeout
        awaitMore()
        var isAwaited = expectsContinue
        let content = ContentStream(length: length) { [weak self, connection] in
            self?.isUploadPaused = false
            self?.awaitMore()
            if isAwaited { connection.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
            isAwaited = false
            connection.resumeReading()
        }
        self.content = content
        worker.loop.spawn { [self] in
            let answer = await worker.router.respond(to: request, content, service, from: connection.clientAddress)
            self.content = nil
            await finish(answer, to: request, keepsAlive: request.keepsAlive && content.isWhole)
        }
    }

    /// The next piece of an upload may take its time, but not all of it together.
    func awaitMore() {
        deadline = min(worker.loop.now + worker.node.config.webSocket.idleTimeout, uploadDeadline)
    }

    /// Sends a file piece by piece: the next is read while one is on its way.
    func send(_ answer: Answer, _ file: FileReader, keepsAlive: Bool) async {
        var hasBegun = false
        do throws(FileReadError) {
            var next = try await file.next()
            guard connection.isOpen else { return }
            sendHead(answer.response, length: answer.length, isHead: false, keepsAlive: keepsAlive)
            hasBegun = true
            while let piece = next {
                connection.send(piece)
                worker.metrics.downloadedBytes.increment(by: piece.count)
                next = try await file.next()
                if connection.queuedBytes > 0 { await drained() }
                guard connection.isOpen else { return }
            }
        } catch {
            if case .store = error { worker.metrics.fileStoreFailures.increment() }
            worker.log.error("file can't be read to its end", [.error: .describing(error)])
            // Behind its beginning, all that can still be said is that it is too short.
            if hasBegun { return connection.close("file can't be read") }
            return respond(Self.answer(to: error).response, isHead: false, keepsAlive: false)
        }
        if !keepsAlive { connection.finish() }
    }

    /// What a client is told that has got nothing of the file yet.
    private static func answer(to error: FileReadError) -> CommandError {
        switch error {
        case .store: .unavailable()
        case .damaged: CommandError(.internalError, "The file is damaged.")
        }
    }

    private func drained() async {
        guard connection.isOpen else { return }
        await withCheckedContinuation { continuation in drainWaiter = { continuation.resume() } }
    }
}
