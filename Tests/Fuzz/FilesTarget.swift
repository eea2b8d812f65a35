@testable import Gateway

/// What is read of files' beginnings doesn't depend on how they came in, and is something that can be.
enum FilesTarget {
    static func run(_ input: ArraySlice<UInt8>) {
        guard let reads = Reads(input) else { return }
        let atOnce = look([reads.whole])
        let cut = look(reads.pieces.map { Array($0) })
        expect(atOnce.type == cut.type && atOnce.picture == cut.picture, "cutting a file changes what it shows")
        expect(atOnce.sha256 == cut.sha256 && atOnce.size == cut.size, "cutting a file changes its digest")
        expect(MediaType.parse(atOnce.type) == atOnce.type, "a type that isn't one")
        if let picture = atOnce.picture {
            expect(MediaType.isPicture(atOnce.type), "what is no picture has a size")
            expect(
                PictureSize.sides.contains(picture.width) && PictureSize.sides.contains(picture.height),
                "a size that can't be")
        }
    }

    private static func look(_ pieces: [[UInt8]]) -> ContentFacts {
        let look = ContentLook()
        for piece in pieces { look.append(piece) }
        return look.finish(told: "text/html")
    }
}
