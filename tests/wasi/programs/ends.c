/* Ways to end. */
#include "report.h"

static void at_end(void) {
    say_text("called", "what atexit has");
    report_flush();
}

void ends(void) {
    say(variant, "variant");
    if (variant != 4) report_flush();
    switch (variant) {
    case 0: return;
    case 1: exit(0);
    case 2: exit(7);
    case 3: _exit(125);
    case 4: exit(3); /* what was not printed yet is lost */
    case 5: atexit(at_end); exit(5);
    case 6: atexit(at_end); _Exit(6);
    case 7: atexit(at_end); return;
    case 8: abort();
    case 9: fprintf(stderr, "to stderr"); fprintf(stdout, "to stdout"); exit(9);
    case 10: close(1); close(2); exit(10);
    }
}
