"""Which of the shared generators of random numbers the top level of a program has seeded. Those keep their state in a
checkpoint, as the program means; the others draw a new one in every call.

While the top level runs, the methods by which a generator is given a state are replaced by ones that take note of it. At
every other time they are what they are."""

import random

import _random
from _ampoule_guest import forget, forget_sqlite, has_state, replace

_given = {}  # the state of a shared generator is the program's own
_originals = []


def _method(kind, name, generator, is_given):
    """Replaces a method that sets a state by one that notes whether its argument gave it."""
    original = kind.__dict__[name]

    def noting(self, *arguments):
        result = original(self, *arguments)
        if self is generator:
            _given[id(generator)] = is_given(*arguments)
        return result

    _originals.append((kind, name, replace(kind, name, noting)))


def _property(kind, name, generator):
    original = kind.__dict__[name]

    def noting(self, value):
        original.__set__(self, value)
        if self is generator:
            _given[id(generator)] = True

    _originals.append((kind, name, replace(kind, name, property(original.__get__, noting, original.__delete__))))


def watch():
    """Called before the top level runs."""
    _method(_random.Random, "seed", random._inst, lambda seed=None: seed is not None)
    _method(_random.Random, "setstate", random._inst, lambda state: True)
    generator = _bit_generator
    _method(type(generator), "_legacy_seeding", generator, lambda seed=None: seed is not None)
    _property(type(generator), "state", generator)


def settle():
    """Called when the top level has run: forgets every state that was drawn from the system."""
    while _originals:
        replace(*_originals.pop())
    if not _given.get(id(random._inst)):
        forget(random._inst)
        random._inst.gauss_next = None
    generator = _bit_generator
    if not _given.get(id(generator)) and has_state(generator.capsule):
        if _numpy._bit_generator is generator:
            # Of numbers with a normal distribution two are drawn at a time, and one is kept.
            state = _numpy.get_state(legacy=False)
            _numpy.set_state(state | {"has_gauss": 0, "gauss": 0.0})
        generator._forget()
    forget_sqlite()


def at_boot():
    global _numpy, _bit_generator
    from numpy.random import mtrand

    _numpy = mtrand._rand
    _bit_generator = _numpy._bit_generator
