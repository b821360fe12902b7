"""Code objects made of a seed: real instructions in any order, jumps by operands at the edges of 32 bits and to where they hurt.

`mode` "run" runs them, "wraps" only counts those in which a jump leads back although its operand says forward.
"""
import _opcode_metadata
import opcode
import random
import sys
import types

NUMBERS = {**opcode.opmap, **_opcode_metadata._specialized_opmap}
NAMES = [name for name, number in NUMBERS.items() if number < 256]
SPECIALISED = {name: general for general, names in _opcode_metadata._specializations.items() for name in names}


def general(name):
    """The instruction that a specialised or instrumented one stands for."""
    return SPECIALISED.get(name, name.removeprefix("INSTRUMENTED_"))


JUMPS = [name for name in NAMES if NUMBERS.get(general(name)) in opcode.hasjump]
# What makes of a stack what jumps take of it, and does no harm in between.
PLAIN = ["NOP", "NOP", "RESUME", "LOAD_CONST", "LOAD_CONST", "LOAD_FAST", "BUILD_LIST", "GET_ITER", "POP_TOP", "YIELD_VALUE"]
ALWAYS = ["JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"]
ENDS = ["RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD", "NOP"]
BEGINNING = types.CodeType.__basicsize__  # of the instructions in a code object
CONTENT = bytes.__basicsize__ - 1


def function(first=None):
    return 1


def generator(first=None):
    yield 1


async def coroutine(first=None):
    return 1


def caches(name):
    return opcode._inline_cache_entries.get(general(name), 0)


def edge(chance):
    return (1 << chance.choice([7, 8, 15, 16, 24, 28, 29, 30, 31, 32])) + chance.randint(-9, 9) & 0xFFFFFFFF


def operand(chance, name, at, places, ahead):
    """Of an instruction that ends at `at`; `ahead`: how far off a large object is."""
    if name not in JUMPS:
        return chance.choice([0, 0, 1, 1, 2, 3, chance.randrange(256)]) if chance.random() < 0.95 else edge(chance)
    way = chance.random()
    if way < 0.5:
        # To another instruction: by a small operand, or by one that is the same to an address of 32 bits.
        distance = chance.choice(places) - at + chance.choice([0, 0, 0, -1, -2])
        distance = -distance if "BACKWARD" in name else distance
        return distance + chance.choice([0, 1 << 31]) & 0xFFFFFFFF
    if way < 0.75:
        return edge(chance)
    if way < 0.9 and ahead > 0:
        return ahead + chance.randrange(1 << 20)
    return chance.randrange(64)


def bytecode(chance, kind, ahead):
    """Instructions, and whether a jump among them leads back although its operand says forward."""
    names = ["RETURN_GENERATOR", "POP_TOP"] * (kind is not function and chance.random() < 0.9) + ["RESUME"]
    for _ in range(chance.randint(1, 12)):
        # Most break the guest if they find the wrong things on the stack: rare enough that others are reached.
        names.append(chance.choice(chance.choices([PLAIN, ALWAYS, JUMPS, NAMES], [60, 20, 15, 5])[0]))
    names.append(chance.choice(ENDS))
    prefixes = [3 if name in JUMPS else chance.choice([0, 0, 0, 0, 1, 3]) for name in names]
    places, end = [], 0
    for name, before in zip(names, prefixes):
        places.append(end)
        end += before + 1 + caches(name)
    code, leads_back = [], False
    for name, before, place in zip(names, prefixes, places):
        at = place + before + 1 + caches(name)
        value = operand(chance, name, at, places, ahead)
        for shift in range(before, 0, -1):
            code += [NUMBERS["EXTENDED_ARG"], value >> 8 * shift & 255]
        code += [NUMBERS[name], value & 255] + [0, 0] * caches(name)
        # Two bytes each: half of the operands say forward and lead back.
        lands = at + (value & 0x7FFFFFFF) - (1 << 31)
        leads_back |= name == "JUMP_FORWARD" and value < 1 << 31 and 0 <= lands < at
    return bytes(code), leads_back


def varint(number):
    digits = [number & 63]
    while number := number >> 6:
        digits.insert(0, number & 63)
    return [digit | 64 for digit in digits[:-1]] + digits[-1:]


def handlers(chance, length):
    table = []
    for _ in range(chance.choice([0, 0, 1, 2])):
        first, *rest = varint(chance.randrange(length))
        target = chance.randrange(length) if chance.random() < 0.5 else edge(chance)
        table += [first | 128] + rest + varint(chance.randint(1, length)) + varint(target) + varint(chance.randrange(16))
    return bytes(table)


def made(chance, space):
    kind = chance.choice([function, function, generator, coroutine])
    ahead = (id(space) + CONTENT + len(space) // 4 - id(kind.__code__) - BEGINNING) // 2
    code, leads_back = bytecode(chance, kind, ahead)
    constants = [None, True, 0, (), range(3), b"ab", function, generator, kind.__code__]
    chance.shuffle(constants)
    flags = kind.__code__.co_flags ^ (1 << chance.randrange(26) if chance.random() < 0.1 else 0)
    replaced = kind.__code__.replace(
        co_code=code, co_flags=flags, co_consts=tuple(constants), co_names=("len", "real", "x"),
        co_stacksize=chance.choice([0, 2, 16, 16, 400]), co_exceptiontable=handlers(chance, len(code) // 2))
    return types.FunctionType(replaced, {"__builtins__": __builtins__}, "made", (None,)), leads_back


def run(chance, callee):
    answer = callee()
    if isinstance(answer, (types.GeneratorType, types.CoroutineType)):
        for _ in range(chance.choice([1, 3, 200])):
            answer.throw(KeyError) if chance.random() < 0.1 else answer.send(None)


def watched(chance):
    """Instructions are instrumented, or traced, or neither."""
    way = chance.randrange(4)
    if way == 0:
        sys.monitoring.use_tool_id(1, "tool")
        for event in range(17):
            sys.monitoring.register_callback(1, 1 << event, lambda *arguments: None)
        sys.monitoring.set_events(1, chance.randrange(1 << 9))
    elif way == 1:
        traced = lambda frame, event, argument: traced
        sys.settrace(traced)


def main(seed, mode="run", rounds=6):
    chance = random.Random(seed)
    # One instruction for half a mebibyte or more: what runs there runs on, and what reads tables there finds the same everywhere.
    unit = NUMBERS[chance.choice(["NOP", "EXTENDED_ARG", "INSTRUMENTED_LINE", "INSTRUMENTED_INSTRUCTION", *NAMES])]
    space = bytes([unit, chance.choice([unit, 0, 1])]) * (chance.choice([1, 1, 1, 4, 32]) << 18)
    if mode == "wraps":
        return sum(made(chance, space)[1] for _ in range(rounds))
    watched(chance)
    for _ in range(rounds):
        try:
            run(chance, made(chance, space)[0])
        except BaseException:
            pass
