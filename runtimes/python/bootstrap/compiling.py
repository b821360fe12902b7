"""Compiles a program's source; for the entry `body`, as the body of a function."""

import ast

# The function that holds a body bears this name, so that tracebacks say "in <module>".
BODY_NAME = "<module>"


def compiled(file_name, source, is_body, keys):
    if source.startswith("\ufeff"):
        source = source[1:]
    if not is_body:
        return compile(source, file_name, "exec", dont_inherit=True)
    return _without_prefix(compile(_body_module(source, file_name, keys), file_name, "exec", dont_inherit=True))


def _body_module(source, file_name, keys):
    """A module whose one function has the source as its body and the input's keys as its parameters. Every node keeps
    its place, so lines and columns stay the user's."""
    tree = ast.parse(source, file_name)
    scope = _Scope(source, file_name)
    for statement in tree.body:
        scope.visit(statement)
    # These two may stand only at the top of a module.
    head = [s for s in tree.body if isinstance(s, ast.ImportFrom) and (s.module == "__future__" or s.names[0].name == "*")]
    body = [s for s in tree.body if s not in head] or [ast.Pass()]
    parameters = [name for name in keys if name.isidentifier() and not _is_keyword(name) and name not in scope.globals]
    if scope.globals:
        body.insert(0, ast.Global(sorted(scope.globals)))
    make = ast.AsyncFunctionDef if scope.is_async else ast.FunctionDef
    function = make(
        name=BODY_NAME,
        args=ast.arguments(posonlyargs=[], args=[ast.arg(n) for n in parameters], kwonlyargs=[], kw_defaults=[], defaults=[]),
        body=body,
        decorator_list=[],
        type_params=[],
    )
    return ast.fix_missing_locations(ast.Module(head + [function], []))


def _is_keyword(name):
    from keyword import iskeyword

    return iskeyword(name)


class _Scope(ast.NodeVisitor):
    """What a body does at its own level: whether it awaits, and which names its functions declare global (those are
    the body's variables, so they must live in the module)."""

    def __init__(self, source, file_name):
        self.source, self.file_name = source, file_name
        self.is_async = False
        self.globals = set()
        self.depth = 0

    def nested(self, node):
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = nested

    def visit_Global(self, node):
        self.globals.update(node.names)

    def awaits(self, node):
        if not self.depth:
            self.is_async = True
        self.generic_visit(node)

    visit_Await = visit_AsyncFor = visit_AsyncWith = awaits

    def visit_comprehension(self, node):
        if node.is_async and not self.depth:
            self.is_async = True
        self.generic_visit(node)

    def refuse_yield(self, node):
        if not self.depth:
            lines = self.source.splitlines()
            place = (self.file_name, node.lineno, node.col_offset + 1, lines[node.lineno - 1] + "\n")
            raise SyntaxError("'yield' outside function", place)
        self.generic_visit(node)

    visit_Yield = visit_YieldFrom = refuse_yield


def _without_prefix(code):
    """The same code with the synthetic function's name taken out of the names of what is defined in it."""
    prefix = BODY_NAME + ".<locals>."
    constants = tuple(_without_prefix(c) if hasattr(c, "co_code") else c for c in code.co_consts)
    return code.replace(co_consts=constants, co_qualname=code.co_qualname.removeprefix(prefix))
