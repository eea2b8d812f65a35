# shellcheck shell=bash
# The phases of scripts/test: each runs whatever became of those before it, within a time limit, with a log of its own.

PASSED=0
FAILED=0
BROKEN=()
PHASE_PID=

# add_counts NAME "PASSED FAILED" STATUS SECONDS
# A phase that failed without a failed test, or that ran no test though it has some, is broken: one failure.
add_counts() {
    local name=$1 passed failed word=passed
    read -r passed failed <<<"$2"
    if (($3 != 0 && failed == 0)) || ((passed + failed == 0)); then
        failed=$((failed + 1))
        BROKEN+=("$name")
    fi
    if ((failed)); then word=FAILED; fi
    PASSED=$((PASSED + passed))
    FAILED=$((FAILED + failed))
    printf '%-12s %s: %d ok, %d not, %d s\n' "$name" "$word" "$passed" "$failed" "$4"
    ((failed == 0))
}

# limited SECONDS COMMAND...: in the background, so that Ctrl-C is heard; `timeout` ends all that the command started.
limited() {
    timeout --kill-after=15 "$@" </dev/null &
    PHASE_PID=$!
    local status=0
    wait "$PHASE_PID" || status=$?
    PHASE_PID=
    return "$status"
}

# show_failure LOG: a short log whole; of a long one the lines that tell what failed, and the end.
show_failure() {
    printf -- '--- %s\n' "$1"
    if (($(wc -l <"$1") <= 40)); then
        cat "$1"
        return
    fi
    grep -E '^(✘|.*error:|E  |FAILED |.*Fatal error|.*(WARNING|ERROR|SUMMARY): [A-Za-z]+Sanitizer)' "$1" | head -n 60 || true
    printf '[…]\n'
    tail -n 25 "$1"
}

# step NAME SECONDS COMMAND...: counts nothing when it succeeds.
step() {
    local name=$1 log=$TEST_LOGS/$1.log begin=$SECONDS status=0
    shift
    printf '%-12s …\n' "$name"
    limited "$@" >"$log" 2>&1 || status=$?
    if ((status)); then
        show_failure "$log"
        BROKEN+=("$name")
        FAILED=$((FAILED + 1))
        printf '%-12s FAILED (status %d): %d s\n' "$name" "$status" "$((SECONDS - begin))"
        return 1
    fi
    printf '%-12s passed: %d s\n' "$name" "$((SECONDS - begin))"
}

# tests NAME SECONDS COMMAND...: a run of Swift Testing.
tests() {
    local name=$1 log=$TEST_LOGS/$1.log begin=$SECONDS status=0
    shift
    printf '%-12s …\n' "$name"
    limited "$@" >"$log" 2>&1 || status=$?
    add_counts "$name" "$(swift_counts "$log")" "$status" "$((SECONDS - begin))" || show_failure "$log"
}

# pytests NAME SECONDS COMMAND...: a run of pytest.
pytests() {
    local name=$1 log=$TEST_LOGS/$1.log junit=$TEST_LOGS/$1.xml begin=$SECONDS status=0
    shift
    printf '%-12s …\n' "$name"
    : >"$junit"
    limited "$@" --junit-xml="$junit" >"$log" 2>&1 || status=$?
    add_counts "$name" "$(pytest_counts "$junit")" "$status" "$((SECONDS - begin))" || show_failure "$log"
}

close_run() {
    if ((${#BROKEN[@]})); then note "broken: ${BROKEN[*]} (logs in $TEST_LOGS)"; fi
    note "$PASSED passed, $FAILED failed"
    ((FAILED == 0))
}
