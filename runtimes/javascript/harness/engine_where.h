/* Where a program was that a limit has stopped (where.h): a part of engine.c, as it needs the inside of QuickJS. A frame's place is
 * that of its last call or jump back: metering writes it down. */
#include "../../guest/abi.h"
#include "../../guest/where.h"

/* Tells of a frame that is the program's, and answers its line; 0: it is not. */
static uint32_t where_frame(JSRuntime *runtime, JSContext *context, const JSStackFrame *frame) {
    static const char ours[] = "ampoule:";
    if (JS_VALUE_GET_TAG(frame->cur_func) != JS_TAG_OBJECT || !frame->cur_pc) return 0;
    JSObject *function = JS_VALUE_GET_OBJ(frame->cur_func);
    if (!js_class_has_bytecode(function->class_id)) return 0;
    JSFunctionBytecode *code = function->u.func.function_bytecode;
    char name[ATOM_GET_STR_BUF_SIZE], file[ATOM_GET_STR_BUF_SIZE];
    JS_AtomGetStrRT(runtime, file, sizeof file, code->filename);
    if (!strncmp(file, ours, sizeof ours - 1) || !strcmp(file, "<input>")) return 0;
    JS_AtomGetStrRT(runtime, name, sizeof name, code->func_name);
    int column = 1;
    int line = find_line_num(context, code, frame->cur_pc - code->byte_code_buf - 1, &column);
    where_text("    at ");
    bool named = name[0] && name[0] != '<';
    if (named) {
        where_text(name);
        where_text(" (");
    }
    where_text(file);
    where_text(":");
    where_number(line > 0 ? line : 0);
    where_text(":");
    where_number(column > 0 ? column : 0);
    where_text(named ? ")\n" : "\n");
    return line > 0 ? line : 1;
}

AMPOULE_EXPORT(ampoule_where) uint64_t ampoule_where(void) {
    extern JSRuntime *runtime;
    extern JSContext *user;
    where_begin();
    if (!runtime || !user) return 0;
    uint32_t innermost = 0;
    int count = 0, looks = 0;
    for (JSStackFrame *frame = runtime->current_stack_frame; frame && looks < WHERE_LOOKS && count < WHERE_FRAMES; frame = frame->prev_frame, looks++) {
        uint32_t line = where_frame(runtime, user, frame);
        if (line && !count++) innermost = line;
    }
    if (count) return where_answer(innermost);
    /* Nothing of it runs: what waits, the youngest first, which the others wait for mostly. */
    struct list_head *found;
    list_for_each_prev(found, &runtime->gc_obj_list) {
        if (looks++ >= WHERE_LOOKS || count >= WHERE_FRAMES) break;
        JSGCObjectHeader *header = list_entry(found, JSGCObjectHeader, link);
        if (js_rc(header)->gc_obj_type != JS_GC_OBJ_TYPE_ASYNC_FUNCTION) continue;
        JSAsyncFunctionData *waits = (JSAsyncFunctionData *)header;
        uint32_t line = waits->is_active ? where_frame(runtime, user, &waits->func_state.frame) : 0;
        if (line && !count++) innermost = line;
    }
    return where_answer(innermost);
}
