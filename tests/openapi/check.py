"""Checks a running server's description, and its answers against it.

Usage: check.py ADDRESS
"""

import json
import sys
import unittest
import urllib.error
import urllib.request

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

ADDRESS = sys.argv.pop(1)
PYTHON = {"language": "python", "code": "def main(a=1):\n    print('hello')\n    return {'a': a}"}


def call(method, path, body=None, accept="application/json"):
    """Status, and what was answered."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "accept": accept}
    request = urllib.request.Request(f"http://{ADDRESS}{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Description(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.description = json.loads(call("GET", "/openapi.json")[1])

    def operation(self, method, path):
        return self.description["paths"][path][method.lower()]

    def check(self, schema, value):
        """Refers to the whole description, so that what a schema refers to is found."""
        whole = {"$ref": f"#/components/schemas/{schema}", "components": self.description["components"]}
        errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(value)]
        self.assertEqual(errors, [], json.dumps(value)[:2000])

    def schema_of(self, method, path, status, kind="application/json"):
        answer = self.operation(method, path)["responses"][str(status)]
        if "$ref" in answer:
            answer = self.description["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
        return answer["content"][kind]["schema"]["$ref"].rsplit("/", 1)[1]

    def answered(self, method, path, body, expected, template=None):
        """Checks the body by its schema if it is a good one, and the answer by the schema of its status."""
        template = template or path
        if expected == 200 and body is not None:
            schema = self.operation(method, template)["requestBody"]["content"]["application/json"]["schema"]
            self.check(schema["$ref"].rsplit("/", 1)[1], body)
        status, text = call(method, path, body)
        self.assertEqual(status, expected, text)
        value = json.loads(text)
        self.check(self.schema_of(method, template, status), value)
        return value

    def test_the_description_is_openapi(self):
        errors = [f"{list(error.absolute_path)}: {error.message}" for error in OpenAPIV31SpecValidator(self.description).iter_errors()]
        self.assertEqual(errors, [])
        self.assertTrue(self.description["servers"])
        schemes = self.description["components"]["securitySchemes"]
        for requirement in self.description["security"]:
            self.assertLessEqual(set(requirement), set(schemes))
        for path, item in self.description["paths"].items():
            for method, operation in item.items():
                if "operationId" not in operation or operation.get("security") == []:
                    continue
                self.assertLessEqual({"200", "401", "403", "500"}, set(operation["responses"]), (method, path))
                if "execute" in path:
                    self.assertLessEqual({"400", "413", "415", "429", "503"}, set(operation["responses"]), path)
                for status, answer in operation["responses"].items():
                    # A call that ran and did not complete is told as a problem (RFC 9457).
                    if status == "500" and path.endswith(":call"):
                        self.assertEqual(self.schema_of(method, path, status, "application/problem+json"), "Problem")
                    elif status != "200":
                        self.assertEqual(self.schema_of(method, path, status), "Refusal", (method, path))

    def test_executions_are_as_described(self):
        good = self.answered("POST", "/v1/execute", {"source": dict(PYTHON, language="LANGUAGE_PYTHON"), "input": {"a": 2}}, 200)
        self.assertEqual((good["result"], good["stdout"]), ({"a": 2}, "hello\n"))
        text = self.answered("POST", "/v1/execute", {"source": dict(PYTHON, language="LANGUAGE_PYTHON"), "inputJson": "{}"}, 200)
        self.assertEqual(json.loads(text["resultJson"]), {"a": 1})
        raises = {"language": "LANGUAGE_PYTHON", "code": "def main():\n    open('out/a.txt', 'w').write('x')\n    return 1 / 0"}
        failed = self.answered("POST", "/v1/execute", {"source": raises}, 200)
        self.assertEqual((failed["result"], failed["failure"]["type"], len(failed["files"])), (None, "ZeroDivisionError", 1))

    def test_refusals_are_as_described(self):
        for body in ({}, {"source": PYTHON, "input": []}, {"source": PYTHON, "limits": {"wallTime": "1h"}}, {"colour": 1}):
            refused = self.answered("POST", "/v1/execute", body, 400)
            self.assertEqual(refused["code"], "invalid_argument")
        self.answered("POST", "/v1/execute", {"function": {"name": "nobody"}}, 404)

    def test_events_are_as_described(self):
        lines = "application/x-ndjson"
        for path, body in (
            ("/v1/execute:stream", {"source": PYTHON, "input": {}}),
            ("/v1/execute:batch", {"request": {"source": PYTHON}, "inputs": [{"a": 1}, [], {"b": 1}]}),
        ):
            status, text = call("POST", path, body, lines)
            self.assertEqual(status, 200, text)
            events = [json.loads(line) for line in text.splitlines()]
            self.assertGreaterEqual(len(events), 2)
            for event in events:
                self.check(self.schema_of("POST", path, 200, lines), event)
            status, text = call("POST", path, body, "text/event-stream")
            self.assertEqual(status, 200, text)
            for event in text.removesuffix("\n\n").split("\n\n"):
                name, data = event.removeprefix("event: ").split("\ndata: ")
                self.assertIn(name, json.loads(data))

    def test_functions_and_images_are_as_described(self):
        source = {"language": "LANGUAGE_PYTHON", "code": "def main(a: int = 1) -> dict:\n    return {'a': a}"}
        one = "/v1/functions/{name}"
        put = self.answered("PUT", "/v1/functions/described", {"source": source, "aliases": ["stable"]}, 200, one)
        self.assertIsNone(put["preparation"]["failure"])
        self.assertIsNone(self.answered("PUT", "/v1/functions/described", {"source": source}, 200, one)["preparation"])
        self.answered("GET", "/v1/functions/described", None, 200, one)
        self.answered("GET", "/v1/functions/nobody", None, 404, one)
        status, text = call("POST", "/v1/functions/described:call", {"a": 2})
        self.assertEqual((status, json.loads(text)), (200, {"a": 2}))
        status, text = call("POST", "/v1/functions/described:call", {"b": 2})
        kind = "application/problem+json"
        problem = self.operation("POST", "/v1/functions/{name}:call")["responses"]["500"]["content"][kind]["schema"]
        self.assertEqual(status, 500, text)
        self.check(problem["$ref"].rsplit("/", 1)[1], json.loads(text))
        self.answered("GET", "/v1/functions", None, 200)
        self.answered("DELETE", "/v1/functions/described", None, 200, one)
        images = self.answered("GET", "/v1/images", None, 200)["images"]
        self.assertTrue(images)


if __name__ == "__main__":
    unittest.main(verbosity=2)
