//! Templates of Jinja, which Dify wraps into scripts of Python that hold no line of a person's.
//!
//! As they come, template and inputs are both in the source, so every request would compile a new program,
//! template and all, for ten times what rendering takes. A script whose every line is one of Dify's is
//! rewritten: the template as a text in the source, where the image finds it and compiles it along; the
//! inputs as the execution's. So it is compiled once.

use super::wrapper::decoded;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::IgnoredAny;
use std::collections::HashMap;

/// A template and what it is rendered with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Template {
    /// A program whose `main` prints what Dify's script prints.
    pub(crate) source: String,
    /// The inputs as JSON.
    pub(crate) input_json: String,
}

/// Lines that Dify's scripts consist of, beside comments, empty lines and those below; releases differ.
const LINES: [&str; 12] = [
    "import jinja2",
    "import jinja2.sandbox",
    "from jinja2.sandbox import SandboxedEnvironment",
    "import json",
    "from base64 import b64decode",
    "    import jinja2",
    "    from jinja2.sandbox import SandboxedEnvironment",
    "    env = SandboxedEnvironment()",
    "    template = jinja2.Template(template_code)",
    "    template = jinja2.sandbox.SandboxedEnvironment().from_string(template_code)",
    "    template = SandboxedEnvironment().from_string(template_code)",
    "    template = env.from_string(template_code)",
];

const MAIN: &str = "def main(**inputs):";
const TEMPLATE: (&str, &str) = ("    template_code = b64decode('", "').decode('utf-8')");
const RENDER: &str = "    return template.render(**inputs)";
const INPUTS: (&str, &str) = ("inputs_obj = json.loads(b64decode('", "').decode('utf-8'))");
const CALL: &str = "output = main(**inputs_obj)";
const RESULT: &str = "result = f'''<<RESULT>>{output}<<RESULT>>'''";
const PRINT: &str = "print(result)";

/// Where releases before base64 put the template.
const QUOTED: (&str, &str) = ("    template = jinja2.Template('''", "''')\n");

/// Prints instead of returning, as the lines behind it would have.
const RENDER_AND_PRINT: &str = "    print(f'''<<RESULT>>{template.render(**inputs)}<<RESULT>>''')";

/// Reads a script; `None` when a line of it is not Dify's, or the inputs are not what JSON calls an object.
pub(crate) fn read(script: &str) -> Option<Template> {
    let newer = with_base64(script);
    let script = newer.as_deref().unwrap_or(script);
    let mut source = String::with_capacity(script.len());
    let mut input_json = None;
    // In this order, and once each.
    let mut expected = [MAIN, TEMPLATE.0, RENDER, INPUTS.0, CALL, RESULT, PRINT].iter().peekable();
    for line in script.lines() {
        if let Some(next) = expected.next_if(|next| line.starts_with(**next)) {
            match *next {
                MAIN if line == MAIN => source.push_str(line),
                RENDER if line == RENDER => source.push_str(RENDER_AND_PRINT),
                next if next == TEMPLATE.0 => {
                    let template = decoded(between(line, TEMPLATE)?)?;
                    source.push_str("    template_code = ");
                    push_literal(&mut source, &template);
                }
                next if next == INPUTS.0 => input_json = Some(decoded(between(line, INPUTS)?)?),
                next if line == next => {}
                _ => return None,
            }
        } else if LINES.contains(&line) {
            source.push_str(line);
        } else if !line.trim_ascii_start().is_empty() && !line.trim_ascii_start().starts_with('#') {
            return None;
        }
        source.push('\n');
    }
    let input_json = input_json?;
    serde_json::from_str::<HashMap<String, IgnoredAny>>(&input_json).ok()?;
    expected.next().is_none().then_some(Template { source, input_json })
}

/// The script that Dify writes around a template, as its releases from 1.10 on write it.
pub fn template_script(template: &str, input_json: &str) -> String {
    let (template, inputs) = (STANDARD.encode(template), STANDARD.encode(input_json));
    let main = concat!(
        "\nimport jinja2\nimport json\nfrom base64 import b64decode\n\n# declare main function\ndef main(**inputs):\n",
        "    # Decode base64-encoded template to handle special characters safely\n"
    );
    format!(
        "{main}{}{template}{}\n    template = jinja2.Template(template_code)\n{RENDER}\n\n# decode and prepare input dict\n{}{inputs}{}\n\n\
         # execute main function\n{CALL}\n\n# convert output and print\n{RESULT}\n{PRINT}\n\n",
        TEMPLATE.0, TEMPLATE.1, INPUTS.0, INPUTS.1
    )
}

/// The script of an earlier release as a later one would have written it, where the quotes hold what they
/// seem to.
fn with_base64(script: &str) -> Option<String> {
    let (before, rest) = script.split_once(QUOTED.0)?;
    let (template, after) = rest.rsplit_once(QUOTED.1)?;
    let plain =
        !template.contains("'''") && !template.ends_with('\'') && !template.contains(['\\', '\r', '\0']);
    let encoded = STANDARD.encode(template);
    let (open, close) = TEMPLATE;
    plain.then(|| {
        format!("{before}{open}{encoded}{close}\n    template = jinja2.Template(template_code)\n{after}")
    })
}

fn between<'a>(line: &'a str, (open, close): (&str, &str)) -> Option<&'a str> {
    line.strip_prefix(open)?.strip_suffix(close)
}

/// A text as Python writes it, on one line.
fn push_literal(source: &mut String, text: &str) {
    source.push('\'');
    for character in text.chars() {
        match character {
            '\\' | '\'' => source.extend(['\\', character]),
            '\n' => source.push_str("\\n"),
            '\r' => source.push_str("\\r"),
            // Python's lines end at more than these two, and no NUL may stand in a source.
            character if character.is_control() => {
                source.push_str(&format!("\\x{:02x}", u32::from(character)));
            }
            _ => source.push(character),
        }
    }
    source.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_and_inputs_are_told_apart() {
        let read = read(&template_script("a'b\\\n{{ x }}\u{85}\0é", "{\"x\": 1}")).unwrap();
        assert_eq!(read.input_json, "{\"x\": 1}");
        assert!(
            read.source.contains("\n    template_code = 'a\\'b\\\\\\n{{ x }}\\x85\\x00é'\n"),
            "{}",
            read.source
        );
        assert!(!read.source.contains("inputs_obj"), "{}", read.source);
    }

    #[test]
    fn scripts_of_earlier_releases_are_read_where_their_quotes_hold() {
        let quoted = |template: &str| {
            let newer = template_script("T", "{}");
            let (before, rest) = newer
                .split_once("    # Decode base64-encoded template to handle special characters safely\n")
                .unwrap();
            let (_, after) = rest.split_once("Template(template_code)\n").unwrap();
            read(&format!(
                "{before}    import jinja2\n    template = jinja2.Template('''{template}''')\n{after}"
            ))
        };
        assert!(quoted("Hello\n{{ name }}").unwrap().source.contains("template_code = 'Hello\\n{{ name }}'"));
        for unclear in ["a\\n", "'''", "a'", "''')\n    print('''"] {
            assert_eq!(quoted(unclear), None, "{unclear}");
        }
    }

    #[test]
    fn a_line_that_is_not_difys_leaves_the_script_as_it_is() {
        let good = template_script("{{ x }}", "{\"x\": 1}");
        let changed = |from: &str, to: &str| {
            assert!(good.contains(from), "{from}");
            read(&good.replacen(from, to, 1))
        };
        for (from, to) in [
            ("import json\n", "import json, os\n"),
            ("print(result)\n", "print(result)\nprint(1)\n"),
            ("print(result)\n", "print(result) or exit()\n"),
            ("print(result)\n", ""),
            ("def main(**inputs):\n", "def main(**inputs):\n    inputs['x'] = 2\n"),
            ("output = main(**inputs_obj)\n", "output = main(**inputs_obj)\noutput = main(**inputs_obj)\n"),
            (".decode('utf-8')\n", ".decode('utf-8') + 'x'\n"),
        ] {
            assert_eq!(changed(from, to), None, "{to}");
        }
        assert_eq!(read(&template_script("{{ x }}", "[1]")), None, "inputs that are no object");
        assert_eq!(
            read(&template_script("{{ x }}", "{\"x\": NaN}")),
            None,
            "inputs that Python takes for JSON"
        );
    }
}
