"""Code objects made by hand, in which one instruction changes the position by an operand of any size.

Asked for nothing, it says which instructions there are; else it runs one of them, in a loop if the operand leads to its start.
"""
import _opcode_metadata
import opcode
import sys

NUMBERS = {**opcode.opmap, **_opcode_metadata._specialized_opmap}

# Of the others, that change it by their own length only, as they stand for what is kept in tables.
STANDING = "INSTRUMENTED_LINE", "INSTRUMENTED_INSTRUCTION", "INSTRUMENTED_RESUME"


def nothing():
    return
    yield


def victim():
    return 1


def generator():
    yield 1


# What lies on the stack when the instruction jumps: constants, then instructions that make of them what it takes.
TAKES = {
    "POP_JUMP_IF_FALSE": ([False], []),
    "POP_JUMP_IF_TRUE": ([True], []),
    "POP_JUMP_IF_NONE": ([None], []),
    "POP_JUMP_IF_NOT_NONE": ([1], []),
    "FOR_ITER": ([""], ["GET_ITER"]),
    "FOR_ITER_LIST": ([iter([])], []),
    "FOR_ITER_TUPLE": ([()], ["GET_ITER"]),
    "FOR_ITER_RANGE": ([range(0)], ["GET_ITER"]),
    "FOR_ITER_GEN": ([nothing], ["PUSH_NULL", "CALL"]),
    "SEND": ([()], ["GET_ITER", "LOAD_NONE"]),
    "SEND_GEN": ([nothing], ["PUSH_NULL", "CALL", "LOAD_NONE"]),
}


def names():
    """Every instruction with a jump, its instrumented and its specialised forms, and those that stand for others."""
    jumps = [name for name, number in opcode.opmap.items() if number in opcode.hasjump and number < 256]
    instrumented = [f"INSTRUMENTED_{name}" for name in jumps if f"INSTRUMENTED_{name}" in NUMBERS]
    families = [name for jump in jumps for name in _opcode_metadata._specializations.get(jump, [])]
    return jumps + instrumented + families + [name for name in STANDING if name in NUMBERS]


def family(name):
    """The instruction whose place in the code a specialised or instrumented one takes."""
    for general, special in _opcode_metadata._specializations.items():
        if name in special:
            return general
    return name.removeprefix("INSTRUMENTED_")


def instruction(name, operand=0, prefixes=None):
    """With so many EXTENDED_ARG before it, and caches behind it."""
    if prefixes is None:
        prefixes = max(0, (operand.bit_length() - 1) // 8)
    code = [byte for at in range(prefixes, 0, -1) for byte in (NUMBERS["EXTENDED_ARG"], operand >> 8 * at & 255)]
    caches = opcode._inline_cache_entries.get(family(name), 0)
    return code + [NUMBERS[name], operand & 255] + [0, 0] * caches


def round_of(name, first, constants):
    """What comes before the instruction in each round, and what the stack is short of when the first begins."""
    taken, made = TAKES.get(name) or TAKES.get(family(name), ([], []))
    code = list(first)
    for constant in taken:
        constants.append(constant)
        code += instruction("LOAD_CONST", len(constants) - 1)
    for maker in made:
        code += instruction("LOAD_CONST", 0) if maker == "LOAD_NONE" else instruction(maker)
    return code


def jump(name, operand, prefixes, back):
    """`back`: the operand is this far from where the loop starts; added or subtracted, so that it leads there by either sign."""
    constants = [None]
    # A receiver stays on the stack with what it has returned.
    left = 2 if family(name) == "SEND" else 0
    before = instruction("RESUME") + instruction("LOAD_CONST", 0) * left + instruction("NOP") * 4
    code = round_of(name, instruction("POP_TOP") * left, constants)
    length = (len(code) + len(instruction(name, 0, prefixes))) // 2
    # FOR_ITER skips two more instructions: what leads there too short is led to the NOPs before the loop.
    operand += {"": 0, "+": length, "-": -length - 2}[back]
    code += instruction(name, operand, prefixes)
    tail = instruction("NOP") * 4 + instruction("RETURN_CONST", 0)
    replaced = victim.__code__.replace(co_code=bytes(before + code + tail), co_consts=tuple(constants), co_stacksize=16)
    victim.__code__ = replaced
    return victim()


def varint(number):
    """As exception tables have it: six bits in a byte, the highest first."""
    digits = [number & 63]
    while number := number >> 6:
        digits.insert(0, number & 63)
    return [digit | 64 for digit in digits[:-1]] + digits[-1:]


def handler(target, returns):
    """An exception whose handler is at `target`; before it, one may have been handled in the same function."""
    code = instruction("RESUME") + instruction("RAISE_VARARGS", 0)
    first, *rest = varint(1)
    table = [first | 128] + rest + varint(1) + varint(target) + varint(returns)
    victim.__code__ = victim.__code__.replace(co_code=bytes(code), co_exceptiontable=bytes(table), co_stacksize=16)
    return victim()


def resumed(operand, prefixes, back):
    """A generator that jumps each time that it goes on."""
    before = instruction("RETURN_GENERATOR") + instruction("POP_TOP") + instruction("RESUME") + instruction("NOP") * 4
    code = instruction("LOAD_CONST", 0) + instruction("YIELD_VALUE") + instruction("RESUME", 1) + instruction("POP_TOP")
    length = (len(code) + len(instruction("JUMP_FORWARD", 0, prefixes))) // 2
    operand += {"": 0, "+": length, "-": -length}[back]
    code = before + code + instruction("JUMP_FORWARD", operand, prefixes) + instruction("RETURN_CONST", 0)
    generator.__code__ = generator.__code__.replace(co_code=bytes(code), co_consts=(None,), co_stacksize=16)
    for _ in generator():
        pass


def watch():
    """Every event is told to a tool, which does not care; so instructions are instrumented before they run."""
    monitoring = sys.monitoring
    monitoring.use_tool_id(1, "tool")
    events = monitoring.events
    for event in (events.JUMP, events.BRANCH, events.LINE, events.INSTRUCTION, events.RAISE, events.PY_RESUME):
        monitoring.register_callback(1, event, lambda *arguments: None)
    watched = events.JUMP | events.BRANCH | events.LINE | events.INSTRUCTION | events.RAISE | events.PY_RESUME
    monitoring.set_events(1, watched)


def main(kind="", name="", operand=0, back="", watched=False):
    if not kind:
        return names()
    if watched:
        watch()
    # Three prefixes make 32 bits; what a fourth one adds is shifted out.
    prefixes = 4 if operand >= 1 << 32 else 3
    if kind == "jump":
        return jump(name, operand, prefixes, back)
    if kind == "handler":
        return handler(operand, 0 if back else 1)
    return resumed(operand, prefixes, back)
