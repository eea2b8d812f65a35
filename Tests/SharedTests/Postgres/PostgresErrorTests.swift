import Shared
import Testing

@Suite struct PostgresErrorTests {
    private func refused(_ state: String) -> PostgresError { .refused(state: state, message: "no", constraint: nil) }

    /// Only these may end as dead letters.
    @Test func onlyValuesAreToBlameForGood() {
        for state in ["22021", "22P05", "23505", "23514", "54000"] {
            #expect(refused(state).isAboutValues && !refused(state).isTransient, "\(state)")
        }
        for state in ["42P01", "42501", "42703", "40001", "53100", "57014", "XX001", "25006", "0A000", "26000", ""] {
            #expect(!refused(state).isAboutValues, "\(state)")
        }
        #expect(!PostgresError.unexpectedReply("x").isAboutValues && !PostgresError.timeout.isAboutValues)
    }

    @Test func whatPassesByItselfIsTransient() {
        for state in ["08006", "40001", "40P01", "53300", "53100", "57P01", "57014", "58030"] {
            #expect(refused(state).isTransient, "\(state)")
        }
        #expect(!refused("42P01").isTransient && PostgresError.unreachable("x").isTransient)
    }

    @Test func whatWasNeverSentHasNoUnknownOutcome() {
        for error in [PostgresError.notConnected, .unreachable("x"), .busy, .rolledBack, refused("23505")] {
            #expect(!error.isOutcomeUnknown, "\(error)")
        }
        #expect(PostgresError.timeout.isOutcomeUnknown && PostgresError.connectionLost("x").isOutcomeUnknown)
    }
}
