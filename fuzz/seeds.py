#!/usr/bin/env python3
"""Writes what fuzzing starts from: seeds.py FOLDER makes FOLDER/<target>/<seed> of the fixtures in tests/."""
# Made anew instead of kept: fixtures change, and blobs say nothing to a reader.
import base64
import json
import pathlib
import struct
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = pathlib.Path(sys.argv[1])
LARGEST = 6000  # bytes: larger seeds make every round slower and show nothing more


def write(target, name, content):
    content = content.encode() if isinstance(content, str) else content
    if len(content) <= LARGEST:
        folder = OUT / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


# ---- proto by hand: varints, and fields that have a length ----

def varint(number):
    head = b""
    while number > 127:
        head += bytes([number & 127 | 128])
        number >>= 7
    return head + bytes([number])


def number(field, value):
    return varint(field << 3) + varint(value) if value else b""


def block(field, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content if content else b""


def proto(case, source, language):
    entry = {"main": 1, "body": 2, "script": 3}[case.get("entry", "main")]
    text = number(1, language) + block(2, source) + number(3, entry) + block(6, case.get("file_name", ""))
    request = block(1, text) + block(2, case.get("input", ""))
    for file in case.get("files", []):
        request += block(3, block(1, file["path"]) + block(2, content(file)))
    limits = case.get("limits", {})
    wall = limits.get("wall_ms", 0)
    request += block(4, block(1, number(1, wall // 1000) + number(2, wall % 1000 * 10**6)) + number(3, limits.get("fuel", 0)))
    if "deterministic" in case:
        request += block(5, number(1, int(case["deterministic"].get("seed", 1))) or b"\x08\x00")
    for key, value in case.get("env", {}).items():
        request += block(6, block(1, key) + block(2, value))
    return request


def content(file):
    return base64.b64decode(file["base64"]) if "base64" in file else file.get("text", "").encode()


def as_json(case, source, language):
    request = {
        "source": {"language": language, "code": source, "entry": "ENTRY_" + case.get("entry", "main").upper()},
        "inputJson": case.get("input", "{}"),
        "files": [{"path": f["path"], "content": base64.b64encode(content(f)).decode()} for f in case.get("files", [])],
        "limits": {"wallTime": "1.500s", "memoryBytes": "1048576", "fuel": 7},
        "env": case.get("env", {}),
    }
    if "deterministic" in case:
        request["deterministic"] = {"seed": "5", "now": "2025-01-01T00:00:00Z"}
    return json.dumps(request)


def with_input(request, case):
    """The same with its input as JSON, as it stands in the case."""
    text = json.dumps({key: value for key, value in json.loads(request).items() if key != "inputJson"})
    return text[:-1] + ', "input": ' + case.get("input", "{}") + "}"


# ---- fixtures ----

PYTHON_TAIL = """

import json
from base64 import b64decode

# decode and prepare input dict
inputs_obj = json.loads(b64decode('%s').decode('utf-8'))

# execute main function
output_obj = main(**inputs_obj)

# convert output to json and print
output_json = json.dumps(output_obj, indent=4)
result = f'''<<RESULT>>{output_json}<<RESULT>>'''
print(result)
"""
JAVASCRIPT_TAIL = """

// decode and prepare input object
var inputs_obj = JSON.parse(Buffer.from('%s', 'base64').toString('utf-8'))

// execute main function
var output_obj = main(inputs_obj)

// convert output to json and print
var output_json = JSON.stringify(output_obj)
var result = `<<RESULT>>${output_json}<<RESULT>>`
console.log(result)
"""

folders = sorted((ROOT / "tests/fixtures").glob("*/*/"))
# Every third one: their shapes repeat.
for index, folder in enumerate(folders[::3]):
    sources = list(folder.glob("program.*"))
    if not sources or not (folder / "case.toml").exists():
        continue
    whole = tomllib.loads((folder / "case.toml").read_text())
    case = {**whole, **(whole.get("case") or [{}])[0]}
    source, python = sources[0].read_text(errors="replace"), sources[0].suffix == ".py"
    name = folder.name
    write("proto_request", name, proto(case, source, 1 if python else 2))
    request = as_json(case, source, "LANGUAGE_PYTHON" if python else "javascript")
    write("json_request", name, request)
    write("json_request", "input-" + name, with_input(request, case))
    if index % 4 == 0:
        inputs = base64.b64encode(case.get("input", "{}").encode()).decode()
        script = source + (PYTHON_TAIL if python else JAVASCRIPT_TAIL) % inputs
        body = {"language": "python3" if python else "nodejs", "code": script, "preload": "", "enable_network": True}
        write("dify", "body-" + name, b"\0" + json.dumps(body).encode())
        write("dify", "script-" + name, (b"\1" if python else b"\2") + script.encode())
        write("dify", "parts-" + name, b"\3" + source.encode() + b"\0" + case.get("input", "{}").encode())
    if case.get("env") or case.get("files"):
        write("names", name, json.dumps([case.get("env"), case.get("files")]))

request = proto({"input": ""}, "def main(): pass", 1)
write("json_request", "batch", '{"request": {"source": {"language": "python", "code": "e"}}, "inputs": [{"a": 1.0}, [], 7], "parallelism": 2}')
write("proto_request", "batch", block(1, request) + block(2, "{}") * 3 + number(3, 2))
for template, inputs in [("Hello {{ name }}", '{"name": 1}'), ("{% for x in y %}'\\{{ x }}\n{% endfor %}", '{"y": []}')]:
    encoded = [base64.b64encode(text.encode()).decode() for text in (template, inputs)]
    script = (
        "\nimport jinja2\nimport json\nfrom base64 import b64decode\n\n# declare main function\ndef main(**inputs):\n"
        f"    template_code = b64decode('{encoded[0]}').decode('utf-8')\n    template = jinja2.Template(template_code)\n"
        f"    return template.render(**inputs)\n\ninputs_obj = json.loads(b64decode('{encoded[1]}').decode('utf-8'))\n"
        "output = main(**inputs_obj)\nresult = f'''<<RESULT>>{output}<<RESULT>>'''\nprint(result)\n"
    )
    write("dify", f"template-{len(template)}", b"\1" + script.encode())
    older = script.replace(f"    template_code = b64decode('{encoded[0]}').decode('utf-8')\n", "")
    older = older.replace("jinja2.Template(template_code)", f"jinja2.Template('''{template}''')")
    write("dify", f"older-{len(template)}", b"\1" + older.encode())
    write("dify", f"inputs-{len(template)}", b"\3" + template.encode() + b"\0" + inputs.encode())
traceback = 'Traceback (most recent call last):\n  File "main.py", line 12, in <module>\n    output_obj = main(**inputs_obj)\nValueError: bad\n'
write("dify", "traceback", b"\1" + traceback.encode())

# ---- what a guest answers: u32 tag, u32 length, bytes ----

def field(tag, text):
    return struct.pack("<II", tag, len(text)) + text


def kind(value):
    return field(16, struct.pack("<I", value))


write("guest_response", "completed", kind(0) + field(17, b'{"sum": 3}'))
write("guest_response", "raised", kind(1) + field(18, b"ValueError") + field(19, b"bad \xff") + field(20, b"Traceback")
      + field(21, struct.pack("<I", 3)) + field(22, b"\1"))
write("guest_response", "files", kind(0) + field(17, b"null") + field(7, b"out/a\0text") + field(7, b"out/\xff\0") + field(7, b"b\0"))
write("guest_response", "compiled", kind(0) + field(4, b"code") + field(23, b'{"parameters":[]}'))
write("guest_response", "cut", kind(0) + struct.pack("<II", 17, 2**32 - 1) + b"x")

# ---- checkpoints, without the head that the target writes before them ----

def checkpoint(memory, numbers, runs):
    body = struct.pack("<I", 64) + b"a" * 64 + struct.pack("<Q", memory) + struct.pack("<I", len(numbers))
    body += b"".join(struct.pack("<BQ", *entry) for entry in numbers) + struct.pack("<I", len(runs))
    body += b"".join(struct.pack("<II", *run) for run in runs)
    return body + b"p" * sum(length for _, length in runs) * 4096


write("checkpoint", "empty", checkpoint(65536, [], []))
write("checkpoint", "globals", checkpoint(65536, [(0, 1024), (1, 2**63), (2, 7), (3, 1)], []))
write("checkpoint", "page", checkpoint(131072, [(0, 1024)], [(3, 1)]))
write("checkpoint", "lies", checkpoint(131072, [(0, 2**40), (9, 1)], [])[:-4] + struct.pack("<I", 2**31))

# ---- manifests; CODE is the digest that the target puts in ----

manifest = {
    "format": 2, "name": "python", "digest": "0" * 64, "language": "python", "version": "0.1",
    "packages": [{"name": "tiny", "version": "0.1", "licence": "MIT", "modules": ["tiny"]}], "exports": [], "imports": [],
    "initial_memory_bytes": 262144, "snapshot_bytes": 0, "engine_version": "", "engine_config": "", "target": "",
    "cpu_features": [], "build_key": "", "files": {"code.cwasm": "CODE"},
}
write("manifest", "good", json.dumps(manifest))
for name, change in {
    "format": {"format": 3}, "memory": {"initial_memory_bytes": 2**64 - 1}, "no-code": {"files": {}},
    "elsewhere": {"files": {"code.cwasm": "CODE", "../manifest.json": "x", "..": "y"}}, "digest": {"files": {"code.cwasm": "0" * 64}},
}.items():
    write("manifest", name, json.dumps({**manifest, **change}))
write("manifest", "broken", json.dumps(manifest)[:-20])

# ---- configuration, keys, names ----

HASH = "sha256:" + "0123456789abcdef" * 4
write("config", "whole", f"""listen = "0.0.0.0:50051"
http = "127.0.0.1:8080"
images = "images"
slots = 8
queue = 100
patience = "30s"
memory = "2GiB"
[limits]
wall_time = "1m 30s"
memory_bytes = 268435456
[caps]
wall_time = "2m"
memory_bytes = "1GiB"
fuel = 10000000000000
[sizes]
input = "16MiB"
[log]
format = "json"
filter = "info"
[dify]
listen = "127.0.0.1:8194"
key = "k"
[[tenants]]
name = "acme"
keys = ["{HASH}"]
weight = 3
slots = 4
fuel_per_day = 7
limits.fuel = 8
caps.wall_time = "2s"
[[tenants]]
name = "other"
""")
for index, text in enumerate(["", "slots = 0", "slot = 3", 'listen = "0.0.0.0:1"', '[limits]\nwall_time = "90s"', '[[tenants]]\nname = "a b"']):
    write("config", f"part-{index}", text)
for index, text in enumerate([HASH, HASH.upper(), "x-api-key:amp_k", "authorization:Bearer amp_k", "x-api-key: amp_other \nx-api-key:amp_k"]):
    write("keys", f"key-{index}", text)
for index, text in enumerate(["a/b/c", "../x", "out", "a//b", "./a", "/etc", "größe", "a.b.c", "@scope/pkg"]):
    write("names", f"name-{index}", text * 3)

SIGNATURES = [
    {"parameters": [], "open": True},
    {"parameters": [{"name": "x", "required": True, "annotation": "int"}], "open": False, "returns": "dict[str, list[int]]"},
    {"parameters": [{"name": "x", "required": False, "default": [1, None], "annotation": "str | None"}], "open": False, "doc": "Says x."},
    {"parameters": [{"name": "x", "required": True, "annotation": "Optional[Literal['a', 2]]"}], "open": False, "returns": "tuple"},
]
VALUES = ['"text"', '"12.5"', '" 1e400 "', "1e15", "-0.0", "12345678901234567890", "true", "null", "[1, [2], {}]", '"[1, 2]"', '{"a": 1}', '"{\\"a\\": 1}"',
          '{"name": "a", "url": "b"}', '"\\ud800\\u0000"', '"yes"']
for index, value in enumerate(VALUES):
    write("functions", f"value-{index}", "\0".join(["x?" if index % 2 else "x", value, json.dumps(SIGNATURES[index % len(SIGNATURES)])]))
# What makes code objects of a seed takes any.
for index in range(16):
    write("bytecode", f"seed-{index}", str(index))
