/* Metering of interpreters by themselves: what crates/meter/src/loops.rs looks for.
 *
 * Metered like any other loop, an interpreter's dispatch would pay with every bytecode. Instead the interpreter charges
 * for a run of bytecodes where the run ends, at jumps and calls, and marks the dispatch as bounded. The mark is a promise
 * that only finitely many bytecodes are executed before the next charge: without it kept, a program could run on
 * without ever being stopped. Every change of the position that is not "the next instruction" must charge. */
#ifndef AMPOULE_METER_H
#define AMPOULE_METER_H

#include <stdint.h>

/* Charges so many units of fuel; may end the execution. */
#define METER_CHARGE(units)                                                                                            \
    __asm__ volatile("local.get %0\n\ti64.const 0x616d706f756c6532\n\tdrop\n\tdrop" : : "r"((uint32_t)(units)))

/* Units for so many bytes of bytecode, `each` for one. More than 256 MiB between two charges is no program's, and the product
 * would wrap: it costs more than any slice has. */
#define METER_UNITS(bytes, each, more)                                                                                 \
    ((bytes) > 0x0fffffff ? 0xf0000000u : (uint32_t)(bytes) * (each) + (more))

/* The longest bytecode that is taken, in bytes: without a jump or call it runs for some 20 ms between two charges. Four million
 * instructions; the largest modules of the standard library have ten thousand. */
#define METER_LONGEST (8 << 20)

/* Whoever comes by here does so a bounded number of times before a charge. */
#define METER_BOUNDED() __asm__ volatile("i64.const 0x616d706f756c6531\n\tdrop")

#endif
