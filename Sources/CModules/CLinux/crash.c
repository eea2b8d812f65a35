// Writes one log line when a signal ends the process by a mistake of its own. Everything here is called in a signal
// handler: no allocation, no lock, no call that signal-safety(7) doesn't list.
#define _GNU_SOURCE
#include "CLinux.h"

#include <link.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static const struct {
    int number;
    const char *name;
} fatal[] = {
    {SIGILL, "SIGILL"}, {SIGTRAP, "SIGTRAP"}, {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},
    {SIGFPE, "SIGFPE"}, {SIGABRT, "SIGABRT"}, {SIGSYS, "SIGSYS"},
};
enum { fatal_count = sizeof fatal / sizeof *fatal };

// Where the code of the program and of each library lies, read when the observing begins: asking the dynamic linker in
// a handler could wait for a lock for ever.
enum { maximum_modules = 64 };
static struct {
    uintptr_t start, end, base;
    char name[48];
} modules[maximum_modules];
static int module_count;

static struct sigaction previous[fatal_count];
static char before_time[64], before_level[512];
static int is_json;
static volatile sig_atomic_t is_crashing;

static _Thread_local int loop_index = -1;

struct line {
    char bytes[2048];
    size_t count;
};

static void add(struct line *line, const char *text) {
    while (*text && line->count < sizeof line->bytes) line->bytes[line->count++] = *text++;
}

static void add_number(struct line *line, uint64_t value, unsigned base, int width) {
    char digits[24];
    int count = 0;
    do digits[count++] = "0123456789abcdef"[value % base];
    while ((value /= base) > 0 || count < width);
    while (count > 0 && line->count < sizeof line->bytes) line->bytes[line->count++] = digits[--count];
}

static void begin_field(struct line *line, const char *key) {
    add(line, is_json ? ",\"" : " ");
    add(line, key);
    add(line, is_json ? "\":" : "=");
}

static void add_text_field(struct line *line, const char *key, const char *text) {
    begin_field(line, key);
    if (is_json) add(line, "\"");
    add(line, text);
    if (is_json) add(line, "\"");
}

static void add_address_field(struct line *line, const char *key, uintptr_t address) {
    begin_field(line, key);
    add(line, is_json ? "\"0x" : "0x");
    add_number(line, address, 16, 1);
    if (is_json) add(line, "\"");
}

// RFC 3339 in UTC; gmtime(3) isn't safe here. Days become a date by eras of 400 years that begin in March.
static void add_time(struct line *line) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seconds = (uint64_t)now.tv_sec, days = seconds / 86400 + 719468, rest = seconds % 86400;
    uint64_t era = days / 146097, day = days % 146097;
    uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    uint64_t day_of_year = day - (365 * year + year / 4 - year / 100), march = (5 * day_of_year + 2) / 153;
    uint64_t month = march < 10 ? march + 3 : march - 9;
    add_number(line, year + era * 400 + (month <= 2), 10, 4);
    add(line, "-");
    add_number(line, month, 10, 2);
    add(line, "-");
    add_number(line, day_of_year - (153 * march + 2) / 5 + 1, 10, 2);
    add(line, "T");
    add_number(line, rest / 3600, 10, 2);
    add(line, ":");
    add_number(line, rest / 60 % 60, 10, 2);
    add(line, ":");
    add_number(line, rest % 60, 10, 2);
    add(line, ".");
    add_number(line, (uint64_t)now.tv_nsec / 1000000, 10, 3);
    add(line, "Z");
}

static uintptr_t instruction_of(void *context) {
#if defined(__x86_64__)
    return (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)((ucontext_t *)context)->uc_mcontext.pc;
#else
    return 0;
#endif
}

static void write_line(int position, siginfo_t *information, void *context) {
    struct line line = {.count = 0};
    add(&line, before_time);
    add_time(&line);
    add(&line, before_level);
    add_text_field(&line, "signal", fatal[position].name);
    begin_field(&line, "loop");
    if (loop_index >= 0) add_number(&line, (uint64_t)loop_index, 10, 1);
    else add(&line, is_json ? "null" : "-");
    uintptr_t instruction = instruction_of(context);
    add_address_field(&line, "instruction", instruction);
    for (int i = 0; i < module_count; i++) {
        if (instruction < modules[i].start || instruction >= modules[i].end) continue;
        add_text_field(&line, "module", modules[i].name);
        add_address_field(&line, "offset", instruction - modules[i].base);
        break;
    }
    if (information->si_code > 0) add_address_field(&line, "address", (uintptr_t)information->si_addr);
    else add_text_field(&line, "reason", "sent by a process");
    add(&line, is_json ? "}\n" : "\n");
    // What can't be written at once is lost: a log that nobody reads must not keep the process from ending.
    struct pollfd log = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (poll(&log, 1, 0) == 1 && write(STDOUT_FILENO, line.bytes, line.count) < 0) return;
}

// Writes the line once, then lets whoever was there before have the signal: the default ends the process. What another
// process has sent goes to the default at once: Swift's handler counts on the fault to come again, and it doesn't.
static void handle(int number, siginfo_t *information, void *context) {
    int is_sent = information->si_code <= 0, is_foreign = is_sent && information->si_pid != getpid();
    for (int i = 0; i < fatal_count; i++) {
        if (fatal[i].number != number) continue;
        if (!is_crashing) {
            is_crashing = 1;
            write_line(i, information, context);
        }
        if (is_foreign) signal(number, SIG_DFL);
        else sigaction(number, &previous[i], NULL);
    }
    // A fault comes again when the instruction is run again; what was sent, by abort(3) too, has to be sent again.
    if (is_sent) raise(number);
}

static int note_module(struct dl_phdr_info *information, size_t size, void *context) {
    (void)size, (void)context;
    const char *name = strrchr(information->dlpi_name, '/');
    name = name ? name + 1 : information->dlpi_name;
    // The program itself comes first and has no name.
    if (module_count == 0) name = "program";
    for (int i = 0; i < information->dlpi_phnum && module_count < maximum_modules; i++) {
        const ElfW(Phdr) *header = &information->dlpi_phdr[i];
        if (header->p_type != PT_LOAD || !(header->p_flags & PF_X)) continue;
        modules[module_count].base = information->dlpi_addr;
        modules[module_count].start = information->dlpi_addr + header->p_vaddr;
        modules[module_count].end = modules[module_count].start + header->p_memsz;
        strncpy(modules[module_count].name, name, sizeof modules[module_count].name - 1);
        module_count++;
    }
    return 0;
}

void parley_crash_observe(const char *head, const char *rest, int json) {
    strncpy(before_time, head, sizeof before_time - 1);
    strncpy(before_level, rest, sizeof before_level - 1);
    is_json = json;
    dl_iterate_phdr(note_module, NULL);
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < fatal_count; i++) sigaction(fatal[i].number, &action, &previous[i]);
}

void parley_crash_enter_loop(int index) {
    // An exhausted stack leaves no room for the handler: it has one of its own, unless somebody else has given one.
    static _Thread_local char stack[64 * 1024];
    stack_t present, own = {.ss_sp = stack, .ss_size = sizeof stack};
    loop_index = index;
    if (sigaltstack(NULL, &present) == 0 && (present.ss_flags & SS_DISABLE)) sigaltstack(&own, NULL);
}
