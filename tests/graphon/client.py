"""The code execution client of graphon, Dify's node engine, against `ampoule serve --dify`. Arguments: the server's address, the folder with the package.

Only the client's own module is loaded, with stand-ins for what it imports: the package asks for a newer Python and for a gigabyte of
others, none of which has a part in how programs are wrapped and results are read."""

import enum
import importlib.util
import json
import sys
import types
import unittest
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ADDRESS, PACKAGE = sys.argv[1], Path(sys.argv[2])


class CodeLanguage(enum.Enum):
    PYTHON3 = "python3"
    JAVASCRIPT = "javascript"
    JINJA2 = "jinja2"


@dataclass
class DslCodeSettings:
    execution_endpoint: str = f"http://{ADDRESS}"
    execution_api_key: str = "dify-sandbox"
    connect_timeout: float = 10
    read_timeout: float = 60
    write_timeout: float = 60
    ssl_verify: bool = True


@dataclass
class Response:
    status_code: int
    text: str

    def json(self):
        return json.loads(self.text)


def post(url, *, json: dict, headers, **_):
    request = urllib.request.Request(url, data=dumps(json).encode(), headers={"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return Response(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        return Response(error.code, error.read().decode())


def dumps(value):
    return json.dumps(value, ensure_ascii=False)


def load():
    stand_ins = {
        "httpx": {"post": post, "Timeout": lambda **_: None},
        "graphon": {},
        "graphon.nodes": {},
        "graphon.nodes.code": {},
        "graphon.nodes.code.entities": {"CodeLanguage": CodeLanguage},
        "graphon.variables": {},
        "graphon.variables.utils": {"dumps_with_segments": dumps},
        "graphon.dsl": {"__path__": []},
        "graphon.dsl.entities": {"DslCodeSettings": DslCodeSettings},
    }
    for name, members in stand_ins.items():
        module = types.ModuleType(name)
        vars(module).update(members)
        sys.modules[name] = module
    spec = importlib.util.spec_from_file_location("graphon.dsl.code_runtime", PACKAGE / "graphon/dsl/code_runtime.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


RUNTIME = load()
PYTHON, JAVASCRIPT = CodeLanguage.PYTHON3, CodeLanguage.JAVASCRIPT


def run(language, code, **inputs):
    return dict(RUNTIME.SandboxCodeExecutor().execute(language=language, code=code, inputs=inputs))


class Wrapped(unittest.TestCase):
    def test_a_function_returns_its_value(self):
        self.assertEqual(run(PYTHON, "def main(a, b):\n    return {'sum': a + b}\n\n\n", a=1, b=2), {"sum": 3})
        self.assertEqual(run(JAVASCRIPT, "function main({ a, b }) { return { sum: a + b } }", a=1, b=2), {"sum": 3})

    def test_an_async_function_is_waited_for(self):
        self.assertEqual(run(PYTHON, "import asyncio\nasync def main(a):\n    await asyncio.sleep(0.01)\n    return {'a': a}", a=1), {"a": 1})
        self.assertEqual(run(JAVASCRIPT, "async function main({ a }) { await new Promise((done) => setTimeout(done, 10)); return { a } }", a=1), {"a": 1})
        self.assertEqual(run(JAVASCRIPT, "const main = async ({ a }) => ({ a })", a=[1]), {"a": [1]})

    def test_typescript_in_a_javascript_node(self):
        self.assertEqual(run(JAVASCRIPT, "interface In { a: number }\nasync function main({ a }: In): Promise<{ a: number }> { return { a: a! } }", a=2), {"a": 2})

    def test_inputs_are_what_they_were(self):
        inputs = {"quotes": "'''\"`${x}\\ <<RESULT>>", "text": "ä😀\n", "deep": {"list": [1, 2.5, None, True]}, "empty": ""}
        self.assertEqual(run(PYTHON, "def main(**given):\n    return {'n': len(given), **{k: v for k, v in given.items() if k != 'quotes'}}", **inputs)["deep"], inputs["deep"])
        self.assertEqual(run(JAVASCRIPT, "function main(given) { return { n: Object.keys(given).length, text: given.text } }", **inputs), {"n": 4, "text": inputs["text"]})

    def test_code_that_looks_like_the_wrapper_is_code(self):
        inner = "inputs_obj = json.loads(b64decode('e30=').decode('utf-8'))"
        self.assertEqual(run(PYTHON, f"TEXT = \"\"\"\n{inner}\noutput_obj = main(**inputs_obj)\n\"\"\"\ndef main(a):\n    return {{'a': a, 'n': len(TEXT)}}", a=5)["a"], 5)
        self.assertEqual(run(JAVASCRIPT, "// var inputs_obj = JSON.parse(Buffer.from('e30=', 'base64').toString('utf-8'))\nfunction main({ a }) { return { a } }", a=5), {"a": 5})

    def test_errors_name_the_lines_of_the_code(self):
        for language, code, place in [
            (PYTHON, "def main(a):\n    raise ValueError('bad')", 'line 2, in main'),
            (PYTHON, "async def main(a):\n    raise ValueError('bad')", 'line 2, in main'),
            (JAVASCRIPT, "function main() {\n  throw new Error('bad')\n}", "main.js:2:9"),
            (JAVASCRIPT, "async function main() {\n  throw new Error('bad')\n}", "main.js:2:9"),
        ]:
            with self.assertRaises(RUNTIME.SandboxCodeExecutionError) as caught:
                run(language, code, a=1)
            told = str(caught.exception)
            self.assertIn("bad", told)
            self.assertIn(place, told)
            for ours in ["asyncio", "__class__", "=> {", ".dify"]:
                self.assertNotIn(ours, told)

    def test_a_result_that_is_none_is_refused_by_the_client(self):
        for language, code in [(PYTHON, "def main():\n    return 1"), (PYTHON, "async def main():\n    return 1"), (JAVASCRIPT, "async function main() { return 1 }")]:
            with self.assertRaisesRegex(RUNTIME.SandboxCodeExecutionError, "Result must be a dict"):
                run(language, code)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
