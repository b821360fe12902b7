"""The scripts that Dify makes of nodes, as its releases make them: a person's code and a text around it.

The texts are Dify's interface, told letter by letter in `crates/http/src/dify/wrapper.rs`; here they are put together as its
transformers do, so that a difference between the two shows.
"""

import base64
import json

TAG = "<<RESULT>>"


def encoded(value):
    return base64.b64encode(json.dumps(value, ensure_ascii=False).encode()).decode()


def script(*lines):
    return "\n".join(lines) + "\n"


def python(code, inputs):
    return script(
        code,
        "",
        "import json",
        "from base64 import b64decode",
        "",
        "# decode and prepare input dict",
        f"inputs_obj = json.loads(b64decode('{encoded(inputs)}').decode('utf-8'))",
        "",
        "# execute main function",
        "output_obj = main(**inputs_obj)",
        "",
        "# convert output to json and print",
        "output_json = json.dumps(output_obj, indent=4)",
        f"result = f'''{TAG}{{output_json}}{TAG}'''",
        "print(result)",
    )


def javascript(code, inputs):
    return script(
        code,
        "",
        "// decode and prepare input object",
        f"var inputs_obj = JSON.parse(Buffer.from('{encoded(inputs)}', 'base64').toString('utf-8'))",
        "",
        "// execute main function",
        "var output_obj = main(inputs_obj)",
        "",
        "// convert output to json and print",
        "var output_json = JSON.stringify(output_obj)",
        f"var result = `{TAG}${{output_json}}{TAG}`",
        "console.log(result)",
    )


def javascript_with_heading(code, inputs):
    """As releases before 1.0 wrote it; there was such a line for Python too."""
    return "\n// declare main function\n" + javascript(code, inputs)


def python_with_heading(code, inputs):
    return "\n# declare main function\n" + python(code, inputs)


def _template(main, inputs):
    return script(
        *main,
        "# decode and prepare input dict",
        f"inputs_obj = json.loads(b64decode('{encoded(inputs)}').decode('utf-8'))",
        "",
        "# execute main function",
        "output = main(**inputs_obj)",
        "",
        "# convert output and print",
        f"result = f'''{TAG}{{output}}{TAG}'''",
        "print(result)",
        "",
    )


def jinja2(template, inputs):
    text = base64.b64encode(template.encode()).decode()
    return _template(
        [
            "",
            "import jinja2",
            "import json",
            "from base64 import b64decode",
            "",
            "# declare main function",
            "def main(**inputs):",
            "    # Decode base64-encoded template to handle special characters safely",
            f"    template_code = b64decode('{text}').decode('utf-8')",
            "    template = jinja2.Template(template_code)",
            "    return template.render(**inputs)",
            "",
        ],
        inputs,
    )


def jinja2_sandboxed(template, inputs):
    """The same with Jinja's own sandbox around it."""
    plain = jinja2(template, inputs).replace("import jinja2\n", "from jinja2.sandbox import SandboxedEnvironment\n", 1)
    return plain.replace("jinja2.Template(template_code)", "SandboxedEnvironment().from_string(template_code)")


def jinja2_quoted(template, inputs):
    """As releases before 1.10 wrote it."""
    return _template(
        [
            "",
            "# declare main function",
            "def main(**inputs):",
            "    import jinja2",
            f"    template = jinja2.Template('''{template}''')",
            "    return template.render(**inputs)",
            "",
            "import json",
            "from base64 import b64decode",
            "",
        ],
        inputs,
    )
