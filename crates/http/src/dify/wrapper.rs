//! The end that Dify writes behind a person's code, recognised to the letter.
//!
//! A script is the person's code, then a text that is always the same but for the inputs, base64 in the midst
//! of it. What does not end like that, letter by letter, is no script of Dify's; `shape.rs` tells whether it
//! is one of another client's.

use ampoule_model::Language;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What stands behind the person's code: `before`, the inputs as an expression, `after`.
pub(crate) struct Tail {
    pub(crate) before: &'static str,
    /// What is before the base64 in the expression, and what is behind it.
    inputs: (&'static str, &'static str),
    pub(crate) after: &'static str,
}

const PYTHON: Tail = Tail {
    before: concat!(
        "\n\nimport json\nfrom base64 import b64decode\n",
        "\n# decode and prepare input dict\ninputs_obj = json.loads(",
    ),
    inputs: ("b64decode('", "').decode('utf-8')"),
    after: concat!(
        ")\n\n# execute main function\noutput_obj = main(**inputs_obj)\n",
        "\n# convert output to json and print\noutput_json = json.dumps(output_obj, indent=4)\n",
        "result = f'''<<RESULT>>{output_json}<<RESULT>>'''\nprint(result)\n",
    ),
};

const JAVASCRIPT: Tail = Tail {
    before: "\n\n// decode and prepare input object\nvar inputs_obj = JSON.parse(",
    inputs: ("Buffer.from('", "', 'base64').toString('utf-8')"),
    after: concat!(
        ")\n\n// execute main function\nvar output_obj = main(inputs_obj)\n",
        "\n// convert output to json and print\nvar output_json = JSON.stringify(output_obj)\n",
        "var result = `<<RESULT>>${output_json}<<RESULT>>`\nconsole.log(result)\n",
    ),
};

pub(crate) fn tail(language: Language) -> &'static Tail {
    match language {
        Language::Python => &PYTHON,
        Language::Javascript => &JAVASCRIPT,
    }
}

/// The script that Dify writes around a person's code, as its releases from 1.0 on write it.
pub fn code_script(language: Language, code: &str, input_json: &str) -> String {
    let tail = tail(language);
    [code, tail.before, tail.inputs.0, &STANDARD.encode(input_json), tail.inputs.1, tail.after].concat()
}

/// A script that ends as Dify's do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrapped<'a> {
    /// The person's code, and whatever Dify writes before it.
    pub(crate) code: &'a str,
    /// The expression that is the inputs' JSON, as it stands in the script.
    pub(crate) expression: &'a str,
    /// The base64 in it.
    pub(crate) inputs: &'a str,
}

/// The script's parts; `None` when it does not end like that.
pub(crate) fn unwrap<'a>(script: &'a str, tail: &Tail) -> Option<Wrapped<'a>> {
    let rest = script.strip_suffix(tail.after)?;
    let until_inputs = rest.strip_suffix(tail.inputs.1)?;
    let before = until_inputs.trim_end_matches(is_base64);
    let head = before.strip_suffix(tail.inputs.0)?;
    Some(Wrapped {
        code: head.strip_suffix(tail.before)?,
        expression: &rest[head.len()..],
        inputs: &until_inputs[before.len()..],
    })
}

fn is_base64(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=')
}

/// What base64 stands for; `None` when it is none, or no UTF-8: the program then finds out itself.
pub(crate) fn decoded(base64: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(base64).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_code_and_inputs() {
        for language in Language::ALL {
            let tail = tail(language);
            let script = code_script(language, "code\n", "{}");
            let wrapped = unwrap(&script, tail).unwrap();
            assert_eq!((wrapped.code, wrapped.inputs), ("code\n", "e30="));
            assert_eq!(wrapped.expression, [tail.inputs.0, "e30=", tail.inputs.1].concat());
            // A person's code that is itself such a script keeps its own end.
            let twice = code_script(language, &script, "{}");
            assert_eq!(unwrap(&twice, tail).unwrap().code, script);
            for other in [
                format!("{script} "),
                script.trim_end().into(),
                script.replace("e30=", "e30 "),
                "code".into(),
            ] {
                assert_eq!(unwrap(&other, tail), None, "{other}");
            }
        }
    }
}
