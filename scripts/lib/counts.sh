# shellcheck shell=bash
# Reads how many tests passed and failed from what the test runners wrote. Each prints "PASSED FAILED".

# Swift Testing closes with "Test run with 12 tests in 3 suites passed after …". Failed tests have a line each, which
# starts with a symbol; so has the run itself and each suite. Skipped tests count in the run's number.
swift_counts() {
    awk '
        # Names in quotes may hold anything, so the words are looked for behind them.
        match($0, /Test run with [0-9]+ test/) { split(substr($0, RSTART), word, " "); total += word[4]; next }
        /^[^ ]+ +Test .* failed after [0-9.]+ seconds/ && !/^[^ ]+ +Test case / { failed++ }
        /^[^ ]+ +Test .* skipped(\.|:|$)/ { skipped++ }
        END {
            passed = total - failed - skipped
            print (passed > 0 ? passed : 0), failed + 0
        }' "$1"
}

# pytest's JUnit file has the sums as attributes of its testsuite.
pytest_counts() {
    awk '
        function attribute(name) {
            return match($0, " " name "=\"[0-9]+\"") ? substr($0, RSTART + length(name) + 3) + 0 : 0
        }
        /<testsuite / && !seen {
            seen = 1
            sub(/.*<testsuite /, " ")
            failed = attribute("failures") + attribute("errors")
            passed = attribute("tests") - failed - attribute("skipped")
        }
        END { print passed + 0, failed + 0 }' "$1"
}
