"""Drives a running server as a stranger would: grpcio, stubs generated from the proto file, nothing of ours.

Usage: client.py ADDRESS PROTO_FOLDER
"""

import importlib
import json
import pathlib
import sys
import tempfile
import threading
import time
import unittest

import grpc
from google.protobuf import descriptor_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_tools import _proto, protoc

ADDRESS, PROTO = sys.argv.pop(1), pathlib.Path(sys.argv.pop(1))


def stubs():
    """The generated modules, made fresh in a folder of their own."""
    folder = tempfile.mkdtemp()
    well_known = str(pathlib.Path(_proto.__path__[0]))
    file = "ampoule/v1/execution.proto"
    arguments = ["protoc", f"-I{PROTO}", f"-I{well_known}", f"--python_out={folder}", f"--grpc_python_out={folder}", file]
    if protoc.main(arguments) != 0:
        raise SystemExit("protoc failed")
    sys.path.insert(0, folder)
    return importlib.import_module("ampoule.v1.execution_pb2"), importlib.import_module("ampoule.v1.execution_pb2_grpc")


pb, pb_grpc = stubs()
LARGE = [("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20)]


class Client(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.channel = grpc.insecure_channel(ADDRESS, options=LARGE)
        grpc.channel_ready_future(cls.channel).result(timeout=20)
        cls.executions = pb_grpc.ExecutionServiceStub(cls.channel)
        cls.runtimes = pb_grpc.RuntimeServiceStub(cls.channel)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()

    def execute(self, language, code, timeout=30, entry=0, data=None, **more):
        source = pb.Source(language=language, code=code, entry=entry, modules=more.pop("modules", []), file_name=more.pop("file_name", ""))
        request = pb.ExecuteRequest(source=source, input_json=json.dumps(data) if data is not None else "", **more)
        return self.executions.Execute(request, timeout=timeout)

    def python(self, code, **more):
        return self.execute(pb.LANGUAGE_PYTHON, code, **more)

    def javascript(self, code, **more):
        return self.execute(pb.LANGUAGE_JAVASCRIPT, code, **more)

    def assert_status(self, answer, status):
        self.assertEqual(pb.Status.Name(answer.status), status, answer)

    def test_python_main(self):
        answer = self.python("def main(a, b=2):\n    print('hello')\n    return {'sum': a + b, 'big': 2**70}", data={"a": 40})
        self.assert_status(answer, "STATUS_COMPLETED")
        self.assertEqual(json.loads(answer.result_json), {"sum": 42, "big": 2**70})
        self.assertEqual((answer.stdout, answer.stderr), ("hello\n", ""))
        self.assertGreater(answer.usage.fuel, 0)
        self.assertLess(answer.usage.peak_memory_bytes, 16 << 20)
        self.assertEqual(answer.usage.output_bytes, 6)
        self.assertEqual(len(answer.image_digest), 64)

    def test_javascript_main(self):
        answer = self.javascript("async function main({ name }) { console.error('warned'); return { hello: name, big: 2n ** 70n }; }", data={"name": "é茶"})
        self.assert_status(answer, "STATUS_COMPLETED")
        self.assertEqual(json.loads(answer.result_json), {"hello": "é茶", "big": 2**70})
        self.assertEqual(answer.stderr, "warned\n")

    def test_body_script_modules_environment_and_files(self):
        answer = self.python("return [x + 1 for x in items]", entry=pb.ENTRY_BODY, data={"items": [1, 2]})
        self.assertEqual(json.loads(answer.result_json), [2, 3])
        answer = self.javascript("console.log('as a script')", entry=pb.ENTRY_SCRIPT)
        self.assertEqual((answer.result_json, answer.stdout), ("null", "as a script\n"))
        code = "import helper, os\n\ndef main():\n    open('out/copy.bin', 'wb').write(open('in/data.bin', 'rb').read()[::-1])\n    return [helper.VALUE, os.environ['KEY']]"
        answer = self.python(code, modules=[pb.Module(name="helper", code="VALUE = 7")], env={"KEY": "value"}, files=[pb.File(path="in/data.bin", content=b"\x00\xff\x01")])
        self.assert_status(answer, "STATUS_COMPLETED")
        self.assertEqual(json.loads(answer.result_json), [7, "value"])
        self.assertEqual([(file.path, file.content) for file in answer.files], [("out/copy.bin", b"\x01\xff\x00")])

    def test_failures_are_data(self):
        answer = self.python("def main():\n    print('before')\n    return {}['missing']", file_name="step.py")
        self.assert_status(answer, "STATUS_RAISED")
        self.assertEqual((answer.failure.type, answer.failure.message, answer.failure.line), ("KeyError", "'missing'", 3))
        self.assertIn('File "step.py", line 3, in main', answer.failure.traceback)
        self.assertEqual((answer.stdout, answer.result_json), ("before\n", ""))
        answer = self.javascript("function main() {\n  throw new RangeError('too far');\n}")
        self.assert_status(answer, "STATUS_RAISED")
        self.assertEqual((answer.failure.type, answer.failure.message, answer.failure.line), ("RangeError", "too far", 2))
        answer = self.python("def main():\n    return {'items': [1, {'when': object()}]}")
        self.assert_status(answer, "STATUS_INVALID_RESULT")
        self.assertIn("result.items[1].when", answer.failure.message)
        answer = self.python("def main(:")
        self.assert_status(answer, "STATUS_RAISED")
        self.assertEqual((answer.failure.type, answer.failure.line), ("SyntaxError", 1))

    def test_limits_are_data(self):
        loop = "def main():\n    while True:\n        pass"
        self.assert_status(self.python(loop, limits=pb.Limits(fuel=100_000_000)), "STATUS_FUEL_EXHAUSTED")
        self.assert_status(self.python(loop, limits=pb.Limits(wall_time=Duration(nanos=200_000_000))), "STATUS_TIMED_OUT")
        hungry = "function main() { const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1)); }"
        self.assert_status(self.javascript(hungry, limits=pb.Limits(memory_bytes=128 << 20)), "STATUS_OUT_OF_MEMORY")
        answer = self.javascript("function main() { for (;;) console.log('x'); }", limits=pb.Limits(output_bytes=100))
        self.assert_status(answer, "STATUS_OUTPUT_LIMIT")
        self.assertTrue(answer.stdout_truncated)
        self.assertEqual(len(answer.stdout), 100)

    def test_deterministic(self):
        code = "import random, time\ndef main():\n    return [random.random(), int(time.time())]"
        fixed = pb.Deterministic(seed=7, now=Timestamp(seconds=1_700_000_000))
        one, other = (self.python(code, deterministic=fixed) for _ in range(2))
        self.assertEqual((one.result_json, one.usage.fuel), (other.result_json, other.usage.fuel))
        self.assertEqual(json.loads(one.result_json)[1], 1_700_000_000)

    def refused(self, request):
        with self.assertRaises(grpc.RpcError) as caught:
            self.executions.Execute(request, timeout=30)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        return caught.exception.details()

    def test_bad_requests_name_the_field(self):
        good = pb.Source(language=pb.LANGUAGE_PYTHON, code="def main(): pass")
        self.assertIn("source", self.refused(pb.ExecuteRequest()))
        self.assertIn("source.language", self.refused(pb.ExecuteRequest(source=pb.Source(code="x"))))
        self.assertIn("source.language", self.refused(pb.ExecuteRequest(source=pb.Source(language=99, code="x"))))
        self.assertIn("source.image", self.refused(pb.ExecuteRequest(source=pb.Source(language=pb.LANGUAGE_PYTHON, code="x", image="nope"))))
        self.assertIn("source.code", self.refused(pb.ExecuteRequest(source=pb.Source(language=pb.LANGUAGE_PYTHON))))
        for text in ("[1]", "nonsense", '"x"', '{"a": }', "{} {}"):
            self.assertIn("input_json", self.refused(pb.ExecuteRequest(source=good, input_json=text)))
        for path in ("../x", "/etc/passwd", "a/../../b", ""):
            self.assertIn("files[0].path", self.refused(pb.ExecuteRequest(source=good, files=[pb.File(path=path)])))
        self.assertIn("limits.wall_time", self.refused(pb.ExecuteRequest(source=good, limits=pb.Limits(wall_time=Duration(seconds=61)))))
        self.assertIn("limits.memory_bytes", self.refused(pb.ExecuteRequest(source=good, limits=pb.Limits(memory_bytes=1 << 50))))

    def test_a_message_too_large_is_refused(self):
        code = "#" * (60 << 20)
        with self.assertRaises(grpc.RpcError) as caught:
            self.python(code)
        self.assertIn(caught.exception.code(), (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.OUT_OF_RANGE))

    def test_a_deadline_stops_the_execution(self):
        started = time.monotonic()
        with self.assertRaises(grpc.RpcError) as caught:
            self.python("def main():\n    while True:\n        pass", timeout=0.3)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(self.python("def main():\n    return 1").result_json, "1")

    def test_cancelling_stops_the_execution(self):
        source = pb.Source(language=pb.LANGUAGE_JAVASCRIPT, code="function main() { for (;;); }")
        call = self.executions.Execute.future(pb.ExecuteRequest(source=source), timeout=30)
        threading.Timer(0.2, call.cancel).start()
        with self.assertRaises(grpc.FutureCancelledError):
            call.result()
        self.assertEqual(self.javascript("const main = () => 1").result_json, "1")

    def test_many_at_once(self):
        requests = [pb.ExecuteRequest(source=pb.Source(language=1 + i % 2, code=("def main(n): return n * 2", "const main = ({n}) => n * 2")[i % 2]), input_json=json.dumps({"n": i})) for i in range(200)]
        calls = [self.executions.Execute.future(request, timeout=60) for request in requests]
        self.assertEqual([json.loads(call.result().result_json) for call in calls], [2 * i for i in range(200)])

    def test_compressed_requests(self):
        with grpc.insecure_channel(ADDRESS, options=LARGE, compression=grpc.Compression.Gzip) as channel:
            executions = pb_grpc.ExecutionServiceStub(channel)
            source = pb.Source(language=pb.LANGUAGE_PYTHON, code="def main(text): return len(text)")
            for size in (0, 10, 1 << 20, 15 << 20):
                request = pb.ExecuteRequest(source=source, input_json=json.dumps({"text": "x" * size}))
                self.assertEqual(executions.Execute(request, timeout=60).result_json, str(size))
            health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
            self.assertEqual(health.status, health_pb2.HealthCheckResponse.SERVING)
            with self.assertRaises(grpc.RpcError) as caught:
                executions.Execute(pb.ExecuteRequest(source=source, input_json="x" * (60 << 20)), timeout=60)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
            self.assertIn("unpacks to", caught.exception.details())

    def test_list_images(self):
        images = {image.name: image for image in self.runtimes.ListImages(pb.ListImagesRequest(), timeout=10).images}
        self.assertTrue({"python", "javascript"} <= set(images), images)
        python = images["python"]
        self.assertEqual(python.language, pb.LANGUAGE_PYTHON)
        self.assertTrue(python.version.startswith("3.13."))
        self.assertTrue(all(package.name and package.version and package.licence for image in images.values() for package in image.packages))
        self.assertEqual(self.python("def main(): pass").image_digest, python.digest)

    def test_health(self):
        health = health_pb2_grpc.HealthStub(self.channel)
        for service in ("", "ampoule.v1.ExecutionService", "ampoule.v1.RuntimeService"):
            answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
            self.assertEqual(answer.status, health_pb2.HealthCheckResponse.SERVING)

    def test_reflection(self):
        stub = reflection_pb2_grpc.ServerReflectionStub(self.channel)
        asked = [
            reflection_pb2.ServerReflectionRequest(list_services=""),
            reflection_pb2.ServerReflectionRequest(file_containing_symbol="ampoule.v1.ExecutionService"),
        ]
        listed, described = stub.ServerReflectionInfo(iter(asked), timeout=10)
        names = {service.name for service in listed.list_services_response.service}
        self.assertTrue({"ampoule.v1.ExecutionService", "ampoule.v1.RuntimeService", "grpc.health.v1.Health"} <= names, names)
        files = [descriptor_pb2.FileDescriptorProto.FromString(text) for text in described.file_descriptor_response.file_descriptor_proto]
        methods = {method.name for file in files for service in file.service for method in service.method}
        self.assertIn("Execute", methods)


if __name__ == "__main__":
    unittest.main(verbosity=2)
