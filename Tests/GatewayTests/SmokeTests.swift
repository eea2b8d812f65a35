import Testing

@Suite struct SmokeTests {
    @Test func runs() { #expect(1 + 1 == 2) }
}
