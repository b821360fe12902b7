/* What the programs share: each prints one line for each operation, `label = result`, and is compiled for three worlds: a command
 * for wasmtime-wasi, the guests' own WASI (runtimes/guest), and Linux. */
#ifndef REPORT_H
#define REPORT_H
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EACH(array) (size_t i = 0; i < sizeof(array) / sizeof *(array); i++)

/* `label = value`, or the name of errno where the value is -1. */
void say(long long value, const char *label, ...) __attribute__((format(printf, 2, 3)));
/* `label = ok`, or the name of errno: of a value that may differ, as a descriptor does. */
void say_ok(long long value, const char *label, ...) __attribute__((format(printf, 2, 3)));
/* `label = text`. */
void say_text(const char *text, const char *label, ...) __attribute__((format(printf, 2, 3)));
/* `label = value (hash of the bytes)`, or errno. */
void say_bytes(long long value, const void *bytes, const char *label, ...) __attribute__((format(printf, 3, 4)));
const char *error_name(int error);
void report_flush(void);

/* Makes a new empty folder and works in it. */
void fresh(void);
/* Makes a file with this content. */
void put(const char *name, const char *content);
/* Makes the tree that most programs work on, in a new folder. */
void plant(void);
/* All that is below the working directory, in the order of names: files with size, links and hash, folders, and links with target. */
const char *tree(void);
/* The size of a file and what hash its content has. */
const char *content(const char *name);

/* Forms of paths into what `plant` makes. */
extern const char *const paths[];
extern const size_t path_count;
/* A path as labels show it: one of no length is to be seen. */
static inline const char *shown(const char *path) { return *path ? path : "\"\""; }

#ifdef __wasi__
/* wasi-libc has none; the guests' own posix.h makes them functions of its own. */
#ifndef AMPOULE_POSIX_H
static inline int dup(int fd) { (void)fd; errno = ENOSYS; return -1; }
static inline int dup2(int fd, int to) { (void)fd, (void)to; errno = ENOSYS; return -1; }
#endif
#endif

/* wasmtime-wasi ends a program at numbers that WASI does not have. */
#if defined __wasi__ && !defined AMPOULE_POSIX_H
#define ODD_NUMBER(call, what) say_text("the end", "%s", what)
#else
#define ODD_NUMBER(call, what) call
#endif

/* The programs. */
void descriptors(void);
void devices(void);
void ends(void);
void folders(void);
void input(void);
void links(void);
void modes(void);
void opening(void);
void names(void);
void process(void);
void random_operations(void);
void raw(void);
void reading(void);
void removing(void);
void renaming(void);
void seeking(void);
void status(void);
void times_of(void);

/* Which of a program's ways to end; see ends.c. */
extern int variant;

#endif
