/* What a request brings along besides its source, and what an execution leaves behind. */
#ifndef AMPOULE_FILES_H
#define AMPOULE_FILES_H
#include "message.h"
#include <stdbool.h>

/* Writes the request's files below /work, sets its environment variables (setenv), and has descriptor 0 read its stdin. The request
 * must stay where it is. Returns 0, or a WASI errno, and then the offending path in `path`. */
uint16_t files_apply(const void *request, uint32_t length, const char **path);
/* Whether a file of the request is a wheel. */
bool files_have_wheel(void);
/* Says on stderr which files were written in /work that will not come back, if none was written that will. */
void files_warn(void);
/* From here on, the files that are there are no news, and the request can go. */
void files_settle(void);
/* Adds every file below /work/out to a response, and every other one below /work that was written and that the request asks for. */
void files_collect(message *response);
/* Whether any file is still open for writing, so that an interpreter may hold back some of its content. */
bool files_open_for_writing(void);

#endif
