"""Drives a running server as Dify does: its scripts, its reading of answers, a pooled connection. Nothing of ours.

Usage: client.py ADDRESS FIXTURES_FOLDER
"""

import concurrent.futures
import json
import pathlib
import re
import sys
import time
import tomllib
import unittest

import httpx
import wrappers

ADDRESS, FIXTURES = sys.argv.pop(1), pathlib.Path(sys.argv.pop(1))
NODES = pathlib.Path(__file__).parent / "nodes"
KEY = {"X-Api-Key": "dify-sandbox"}
SANDBOX_LANGUAGE = {"python3": "python3", "jinja2": "python3", "javascript": "nodejs"}
WRAPPERS = {
    "python3": [wrappers.python, wrappers.python_with_heading],
    "javascript": [wrappers.javascript, wrappers.javascript_with_heading],
    "jinja2": [wrappers.jinja2, wrappers.jinja2_sandboxed],
}


class NodeError(Exception):
    """What a person reads on a node that failed."""


class Dify:
    """Dify's side of the contract."""

    def __init__(self):
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=5.0)
        self.http = httpx.Client(base_url=f"http://{ADDRESS}", limits=limits, timeout=httpx.Timeout(60, connect=10))

    def ask(self, language, code):
        data = {"language": SANDBOX_LANGUAGE[language], "code": code, "preload": "", "enable_network": True}
        return self.http.post("/v1/sandbox/run", json=data, headers=KEY)

    def execute_code(self, language, code):
        response = self.ask(language, code)
        if response.status_code != 200:
            raise NodeError(f"Failed to execute code, got status code {response.status_code}")
        envelope = response.json()
        if envelope["code"] != 0:
            raise NodeError(envelope["message"])
        if envelope["data"]["error"]:
            raise NodeError(envelope["data"]["error"])
        return envelope["data"]["stdout"]

    def run_node(self, language, code, inputs, wrapper=None):
        wrapper = wrapper or WRAPPERS[language][0]
        stdout = self.execute_code(language, wrapper(code, inputs))
        found = re.search(r"<<RESULT>>(.*)<<RESULT>>", stdout, re.DOTALL)
        if not found:
            raise ValueError("Failed to parse result")
        return {"result": found[1]} if language == "jinja2" else json.loads(found[1])


DIFY = Dify()


class Contract(unittest.TestCase):
    def test_health_needs_no_key(self):
        response = DIFY.http.get("/health")
        self.assertEqual((response.status_code, response.json()), (200, "ok"))

    def test_success_is_the_envelope(self):
        envelope = DIFY.ask("python3", "import sys\nprint('Hello')\nprint('note', file=sys.stderr)").json()
        data = {"stdout": "Hello\n", "stderr": "note\n", "error": "", "exit_code": 0}
        self.assertEqual(envelope, {"code": 0, "message": "success", "data": data})

    def test_a_wrong_key_is_401_with_nothing(self):
        for headers in ({}, {"X-Api-Key": ""}, {"X-Api-Key": "other"}):
            for method, path in (
                ("POST", "run"),
                ("GET", "dependencies?language=python3"),
                ("GET", "dependencies/refresh?language=python3"),
                ("POST", "dependencies/update"),
            ):
                response = DIFY.http.request(method, f"/v1/sandbox/{path}", headers=headers)
                self.assertEqual((response.status_code, response.content), (401, b""), path)

    def test_unsupported_languages_and_bad_bodies_are_minus_400(self):
        for body, says in (
            ({"language": "ruby", "code": "x"}, "unsupported language 'ruby'"),
            ({"code": "x"}, "language is missing"),
            ({"language": "python3"}, "code is empty"),
            ({"language": "python3", "code": 1}, "code is not as expected"),
            ("python3", "the body is not as expected"),
        ):
            response = DIFY.http.post("/v1/sandbox/run", json=body, headers=KEY)
            envelope = response.json()
            self.assertEqual((response.status_code, envelope["code"], envelope["data"]), (400, -400, None), body)
            self.assertIn(says, envelope["message"])
        response = DIFY.http.post("/v1/sandbox/run", content=b"{", headers=KEY)
        self.assertEqual(response.json()["code"], -400)

    def test_unknown_fields_are_dropped(self):
        body = {"language": "python3", "code": "print(1)", "dependencies": [{"name": "x", "version": ""}], "preload": "boom("}
        self.assertEqual(DIFY.http.post("/v1/sandbox/run", json=body, headers=KEY).json()["data"]["stdout"], "1\n")

    def test_dependencies_can_be_imported(self):
        for path in ("dependencies", "dependencies/refresh"):
            data = DIFY.http.get(f"/v1/sandbox/{path}", params={"language": "python3"}, headers=KEY).json()["data"]
            versions = {package["name"]: package["version"] for package in data["dependencies"]}
            self.assertLessEqual({"jinja2", "numpy", "pandas", "httpx", "requests"}, set(versions))
        said = DIFY.execute_code("python3", "import numpy\nprint(numpy.__version__)")
        self.assertEqual(said.strip(), versions["numpy"])
        response = DIFY.http.get("/v1/sandbox/dependencies", params={"language": "cobol"}, headers=KEY)
        self.assertEqual((response.status_code, response.json()["code"]), (400, -400))
        response = DIFY.http.post("/v1/sandbox/dependencies/update", json={"language": "python3"}, headers=KEY)
        self.assertEqual(response.json(), {"code": 0, "message": "success", "data": {}})


class Scripts(unittest.TestCase):
    """What Dify's live tests run."""

    def test_python_plain(self):
        self.assertEqual(DIFY.execute_code("python3", 'print("Hello World")'), "Hello World\n")

    def test_python_json(self):
        code = "\nimport json\nprint(json.dumps({'Hello': 'World'}))\n"
        self.assertEqual(DIFY.execute_code("python3", code), '{"Hello": "World"}\n')

    def test_python_clients_import_and_say_that_there_is_no_network(self):
        for module in ("httpx", "requests"):
            with self.assertRaisesRegex(NodeError, "no network"):
                DIFY.execute_code("python3", f"import {module}\nprint({module}.get('https://example.com').text)")

    def test_python_as_main(self):
        self.assertEqual(DIFY.execute_code("python3", "if __name__ == '__main__':\n    print('yes')"), "yes\n")

    def test_python_logging_is_no_error(self):
        data = DIFY.ask("python3", "import logging\nlogging.basicConfig(level=20)\nlogging.info('step')\nprint(1)").json()["data"]
        self.assertEqual((data["stdout"], data["stderr"], data["error"]), ("1\n", "INFO:root:step\n", ""))

    def test_python_time_zones(self):
        code = "from datetime import datetime\nfrom zoneinfo import ZoneInfo\nprint(datetime.now(ZoneInfo('Asia/Shanghai')).isoformat())"
        self.assertRegex(DIFY.execute_code("python3", code), r"^\d{4}-.*\+08:00\n$")

    def test_python_exception_is_reason_then_traceback(self):
        data = DIFY.ask("python3", 'print("partial")\n\nraise ValueError("bad input")').json()["data"]
        self.assertEqual((data["stdout"], data["exit_code"]), ("partial\n", 1))
        self.assertTrue(data["error"].startswith("ValueError: bad input\n\nTraceback"), data["error"])
        self.assertIn('File "main.py", line 3, in <module>', data["error"])
        self.assertIn("ValueError: bad input", data["stderr"])

    def test_exit_codes_are_the_programs_own(self):
        for language, code, exit_code in (
            ("python3", "import sys\nsys.exit(0)", 0),
            ("python3", "import sys\nsys.exit(7)", 7),
            ("javascript", "process.exit(3)", 3),
        ):
            data = DIFY.ask(language, code).json()["data"]
            self.assertEqual((data["exit_code"], bool(data["error"])), (exit_code, exit_code != 0), code)

    def test_the_machine_is_out_of_reach(self):
        for language, code in (
            ("python3", "import subprocess\nsubprocess.run(['ls'])"),
            ("python3", "import os\nos.execl('/bin/ls', 'ls')"),
            ("python3", "print(open('/etc/passwd').read())"),
            ("javascript", "require('child_process').spawn('ls')"),
        ):
            data = DIFY.ask(language, code).json()["data"]
            self.assertTrue(data["error"] and data["exit_code"] and not data["stdout"], data)

    def test_javascript_plain(self):
        self.assertEqual(DIFY.execute_code("javascript", 'console.log("Hello World")'), "Hello World\n")

    def test_javascript_json_of_an_undeclared_variable(self):
        code = "\nobj = {'Hello': 'World'}\nconsole.log(JSON.stringify(obj))\n"
        self.assertEqual(DIFY.execute_code("javascript", code), '{"Hello":"World"}\n')

    def test_javascript_base64(self):
        code = 'const text = Buffer.from("hello").toString("base64");\nconsole.log(Buffer.from(text, "base64").toString())'
        self.assertEqual(DIFY.execute_code("javascript", code), "hello\n")

    def test_javascript_inspects_like_node(self):
        code = "function main() { return { result: globalThis.data } }\nfunction parseInt() { return 0 }\nconsole.log(main())"
        self.assertEqual(DIFY.execute_code("javascript", code), "{ result: undefined }\n")

    def test_javascript_error_stream_is_no_error(self):
        data = DIFY.ask("javascript", 'console.error("warn");\nconsole.log("ok");').json()["data"]
        self.assertEqual((data["stdout"], data["stderr"], data["error"]), ("ok\n", "warn\n", ""))

    def test_javascript_throw_is_reason_then_stack(self):
        data = DIFY.ask("javascript", 'console.log("partial");\nthrow new Error("bad input");').json()["data"]
        self.assertEqual((data["stdout"], data["exit_code"]), ("partial\n", 1))
        self.assertTrue(data["error"].startswith("Error: bad input\n\n"), data["error"])
        self.assertIn("main.js:2:", data["error"])
        self.assertIn("Error: bad input", data["stderr"])


class Limits(unittest.TestCase):
    def test_endless_loops_time_out(self):
        loops = (("python3", "print(1, flush=True)\nwhile True: pass"), ("javascript", "console.log(1); for (;;);"))
        with concurrent.futures.ThreadPoolExecutor() as threads:
            answers = list(threads.map(lambda loop: DIFY.ask(*loop).json()["data"], loops))
        for data in answers:
            self.assertRegex(data["error"], "^timeout: stopped after 10 s of wall time")
            self.assertEqual((data["exit_code"], data["stdout"]), (-1, "1\n"))

    def test_memory_is_told_with_its_limit(self):
        data = DIFY.ask("python3", "data = []\nwhile True: data.append(bytes(1 << 20))").json()["data"]
        self.assertIn("256 MiB", data["error"])
        self.assertNotEqual(data["exit_code"], 0)

    def test_strings_of_400_000_characters_pass_whole(self):
        for character in "x漢😀":
            text = character * 400_000
            for language, code in (("python3", "def main(a):\n    return {'b': a}"), ("javascript", "function main({a}) { return {b: a} }")):
                self.assertEqual(DIFY.run_node(language, code, {"a": text}), {"b": text})

    def test_inputs_of_10_mb_pass(self):
        inputs = {"a": "x" * 10_000_000}
        self.assertEqual(DIFY.run_node("python3", "def main(a):\n    return {'n': len(a)}", inputs), {"n": 10_000_000})
        self.assertEqual(DIFY.run_node("javascript", "function main({a}) { return {n: a.length} }", inputs), {"n": 10_000_000})
        self.assertEqual(DIFY.run_node("jinja2", "{{ a|length }}", inputs), {"result": "10000000"})

    def test_a_source_that_is_too_large_is_explained_to_the_person(self):
        with self.assertRaisesRegex(NodeError, "source .*the server's cap is 4 MiB: send less"):
            DIFY.execute_code("python3", "#" * (5 << 20))

    def test_a_hundred_connections_are_served_at_once(self):
        code = "import time\nfrom sys import argv\ntime.sleep(0.2)\nprint('done')"
        with concurrent.futures.ThreadPoolExecutor(100) as threads:
            started = time.monotonic()
            said = list(threads.map(lambda _: DIFY.execute_code("python3", code), range(100)))
        self.assertEqual(said, ["done\n"] * 100)
        # One after the other they would sleep for 20 s.
        self.assertLess(time.monotonic() - started, 15)


class Nodes(unittest.TestCase):
    """Code and template nodes: `nodes/*.toml` beside their programs, and every example that users start from."""

    def cases(self, text):
        table = tomllib.loads(text)
        shared = {key: value for key, value in table.items() if key != "case"}
        return [{**shared, **case} for case in table.get("case", [{}])]

    def same(self, output, expected, case):
        """Sets have no order of their own, so neither have the arrays that they become."""
        if case.get("unordered"):
            output, expected = ({key: sorted(v) if isinstance(v, list) else v for key, v in value.items()} for value in (output, expected))
        self.assertEqual(output, expected)

    def check(self, language, code, case, wrapper):
        inputs = json.loads(case.get("input", "") or "{}")
        if "error_starts" in case:
            with self.assertRaises(NodeError) as raised:
                DIFY.run_node(language, code, inputs, wrapper)
            said = str(raised.exception)
            self.assertTrue(said.startswith(case["error_starts"]), said)
            for part in case.get("error_has", []):
                self.assertIn(part, said)
            for part in case.get("error_lacks", []):
                self.assertNotIn(part, said)
        else:
            self.assertEqual(DIFY.run_node(language, code, inputs, wrapper), json.loads(case["output"]))

    def test_nodes(self):
        endings = {".py": "python3", ".js": "javascript", ".j2": "jinja2"}
        count = 0
        for program in sorted(NODES.iterdir()):
            if program.suffix not in endings:
                continue
            language = endings[program.suffix]
            code = program.read_text()
            for number, case in enumerate(self.cases(program.with_suffix(".toml").read_text())):
                # What stands at the start moves the lines that tracebacks tell.
                wrappers_of = WRAPPERS[language][:1] if "error_has" in case else WRAPPERS[language]
                for wrapper in wrappers_of:
                    with self.subTest(program.name, case=number, wrapper=wrapper.__name__):
                        self.check(language, code, case, wrapper)
                        count += 1
        self.assertGreater(count, 20)

    def test_the_examples_that_users_start_from(self):
        count = 0
        for folder in sorted((FIXTURES / "seeds").iterdir()):
            for program in folder.glob("program.*"):
                language = {".py": "python3", ".js": "javascript"}[program.suffix]
                for number, case in enumerate(self.cases((folder / "case.toml").read_text())):
                    plain = case.get("entry", "main") == "main" and "result" in case and case.get("status", "completed") == "completed"
                    if not plain or set(case) & {"source", "modules", "files", "env", "deterministic"}:
                        continue
                    with self.subTest(folder.name, case=number):
                        inputs = json.loads(case.get("input", "") or "{}")
                        code = program.read_text()
                        self.same(DIFY.run_node(language, code, inputs), json.loads(case["result"]), case)
                        count += 1
        self.assertGreater(count, 25)

    def test_templates_of_earlier_releases(self):
        for template, inputs, rendered in (
            ("Hello {{ name }}", {"name": "World"}, "Hello World"),
            ("{% for x in xs %}\n- {{ x|upper }}\n{% endfor %}", {"xs": ["a", "é"]}, "\n- A\n\n- É\n"),
            ("a\\tb {{ x }}", {"x": 1}, "a\tb 1"),
        ):
            self.assertEqual(DIFY.run_node("jinja2", template, inputs, wrappers.jinja2_quoted), {"result": rendered})

    def test_a_template_that_fails_is_explained(self):
        for wrapper in WRAPPERS["jinja2"]:
            with self.assertRaisesRegex(NodeError, "^TemplateSyntaxError: unexpected end of template"):
                DIFY.run_node("jinja2", "{{ a", {}, wrapper)
            with self.assertRaisesRegex(NodeError, "^UndefinedError: 'a' is undefined"):
                DIFY.run_node("jinja2", "{{ a.b }}", {}, wrapper)

    def test_jinjas_own_sandbox_holds(self):
        with self.assertRaisesRegex(NodeError, "^SecurityError"):
            DIFY.run_node("jinja2", "{{ ''.__class__.__mro__ }}{{ x.__class__.__subclasses__() }}", {"x": 1}, wrappers.jinja2_sandboxed)

    def test_only_what_is_between_the_tags_counts(self):
        code = "def main():\n    print('noise')\n    return {'a': 1}\n"
        self.assertEqual(DIFY.run_node("python3", code, {}), {"a": 1})


if __name__ == "__main__":
    unittest.main()
