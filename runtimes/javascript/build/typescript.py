"""Makes a module of what programs in TypeScript need of TypeScript's one big file: its parser, binder, transformers and printer.
The bundler then leaves out what those do not use, the checker above all. Arguments: typescript.js, the module, its exports."""

import re
import sys

path, out, *exports = sys.argv[1:]
text = open(path, encoding="utf-8").read()
start = text.index("var ts = {}; ((module) => {") + len("var ts = {}; ((module) => {")
end = text.index("// Annotate the CommonJS export names for ESM import in node:")
parts = re.split(r"^(?=// src/)", text[start:end], flags=re.M)
dropped = {"sys", "watch", "watchPublic", "watchUtilities", "tsbuild", "tsbuildPublic", "builder", "builderPublic", "builderState", "builderStatePublic",
           "executeCommandLine", "resolutionCache", "commandLineParser", "moduleNameResolver", "moduleSpecifiers"}
body = "var sys;\n" + "".join(part for part in parts if not part.startswith("// src/") or re.match(r"// src/compiler/([^.]*)", part) and re.match(r"// src/compiler/([^.]*)", part)[1] not in dropped)
# Tables of everything, by which nothing can be left out.
body = re.sub(r"^__export\(\w+, \{.*?^\}\);\n", "", body, flags=re.S | re.M)


def replace(old, new):
    global body
    if body.count(old) != 1:
        sys.exit(f"{body.count(old)} times in typescript.js: {old}")
    body = body.replace(old, new)


# Parentheses around what loses its type stay: without them a line break behind `return` would end the statement.
replace("if (isAssertionExpression(innerExpression) || isSatisfiesExpression(innerExpression)) {\n      const expression = visitNode(node.expression, visitor, isExpression);",
        "if (false) {\n      const expression = visitNode(node.expression, visitor, isExpression);")

# The printer tells where a token stands by its offset in the source.
body, count = re.subn(
    r"const \{ line: sourceLine, character: sourceCharacter \} = getLineAndCharacterOfPosition\(sourceMapSource, pos\);\s+sourceMapGenerator\.addMapping\([^;]*\);",
    "sourceMapGenerator.addMapping(pos);", body)
if count != 1:
    sys.exit(f"{count} places where the printer tells positions")

# Of the messages those that what is left can say: the checker's are most of them.
body = re.sub(r"^var plainJSErrors = .*?\]\);\n", "", body, flags=re.S | re.M)
said = set()
for part in parts:
    kept = re.match(r"// src/compiler/([^.]*)", part)
    if kept and kept[1] not in dropped | {"checker", "program", "diagnosticInformationMap"}:
        said.update(re.findall(r"Diagnostics\.(\w+)", part))
body = re.sub(r"^  (\w+): diag\(.*\),?\n", lambda found: found[0] if found[1] in said else "", body, flags=re.M)

open(out, "w", encoding="utf-8").write(f"{body}\nexport {{ {', '.join(exports)} }};\n")
