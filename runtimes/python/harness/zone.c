/* Local time: the zone that the environment names, from the files of tzdata in /usr/share/zoneinfo. Reading those is musl's (zone.h);
 * here are its way to a file, and time.tzset. */
#include "harness.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The longest rule that makes sense is half as long; what is longer is UTC. */
enum { LONGEST = 255 };

static char zone[LONGEST + 1];

const char *zone_of_environment(const char *variable) { return zone; }

/* The zone's file, read as a whole: the largest has 4 KiB. */
const unsigned char *__map_file(const char *path, size_t *size) {
    enum { MOST = 1 << 20 };
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return NULL;
    unsigned char *bytes = NULL;
    if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size <= MOST) bytes = malloc(status.st_size + 1);
    if (bytes && read(fd, bytes, status.st_size) != status.st_size) {
        free(bytes);
        bytes = NULL;
    }
    close(fd);
    *size = status.st_size;
    return bytes;
}

int __munmap(void *bytes, size_t size) {
    free(bytes);
    return 0;
}

/* For strftime's %Z. */
const char *__tm_to_tzname(const struct tm *time) { return time->tm_zone ? time->tm_zone : ""; }

static bool set(PyObject *module, const char *name, PyObject *value) {
    bool done = value && !PyObject_SetAttrString(module, name, value);
    Py_XDECREF(value);
    return done;
}

/* What time.timezone and the others say: CPython's own rule, which looks at a January and a July of about now. */
static bool describe(PyObject *module) {
    enum { YEAR = (365 * 24 + 6) * 3600 };
    time_t january = time(NULL) / YEAR * YEAR, july = january + YEAR / 2;
    struct tm standard, other;
    localtime_r(&january, &standard);
    localtime_r(&july, &other);
    if (standard.tm_gmtoff > other.tm_gmtoff) { /* in the south */
        struct tm swapped = standard;
        standard = other;
        other = swapped;
    }
    return set(module, "timezone", PyLong_FromLong(-standard.tm_gmtoff)) && set(module, "altzone", PyLong_FromLong(-other.tm_gmtoff)) &&
           set(module, "daylight", PyLong_FromLong(standard.tm_gmtoff != other.tm_gmtoff)) &&
           set(module, "tzname", Py_BuildValue("(ss)", standard.tm_zone, other.tm_zone));
}

/* Whether there is a file of that name; musl takes NZ-CHAT and PST8PDT for rules. */
static bool is_file(const char *name) {
    static const char folder[] = "/usr/share/zoneinfo/";
    char path[sizeof folder + LONGEST];
    struct stat status;
    snprintf(path, sizeof path, "%s%s", folder, name);
    return !strstr(name, "..") && !stat(path, &status) && S_ISREG(status.st_mode);
}

PyObject *harness_tzset(PyObject *module, PyObject *unused) {
    const char *name = getenv("TZ");
    if (!name || strlen(name) >= LONGEST) name = "";
    snprintf(zone, sizeof zone, "%s%s", is_file(name) ? ":" : "", name);
    PyObject *time = PyImport_ImportModule("time");
    bool done = time && describe(time);
    Py_XDECREF(time);
    if (!done) return NULL;
    Py_RETURN_NONE;
}
