//! The end that Dify writes behind a person's code, recognised to the letter.
//!
//! A script is the person's code, then a text that is always the same but for the inputs, base64 in the midst of it. What
//! does not end like that, letter by letter, is no wrapper, and is left alone.

use ampoule_world::Language;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What stands behind the person's code, without the inputs.
pub(crate) struct Tail {
    pub(crate) before_inputs: &'static str,
    pub(crate) after_inputs: &'static str,
}

const PYTHON: Tail = Tail {
    before_inputs: "\n\nimport json\nfrom base64 import b64decode\n\n# decode and prepare input dict\ninputs_obj = json.loads(b64decode('",
    after_inputs: "').decode('utf-8'))\n\n# execute main function\noutput_obj = main(**inputs_obj)\n\n# convert output to json and print\noutput_json = json.dumps(output_obj, indent=4)\nresult = f'''<<RESULT>>{output_json}<<RESULT>>'''\nprint(result)\n",
};

const JAVASCRIPT: Tail = Tail {
    before_inputs: "\n\n// decode and prepare input object\nvar inputs_obj = JSON.parse(Buffer.from('",
    after_inputs: "', 'base64').toString('utf-8'))\n\n// execute main function\nvar output_obj = main(inputs_obj)\n\n// convert output to json and print\nvar output_json = JSON.stringify(output_obj)\nvar result = `<<RESULT>>${output_json}<<RESULT>>`\nconsole.log(result)\n",
};

pub(crate) fn tail(language: Language) -> &'static Tail {
    match language {
        Language::Python => &PYTHON,
        Language::Javascript => &JAVASCRIPT,
    }
}

/// A script that ends as Dify's do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrapped<'a> {
    /// The person's code, and whatever Dify writes before it.
    pub(crate) code: &'a str,
    /// The inputs, base64 of JSON.
    pub(crate) inputs: &'a str,
}

/// The script's parts; `None` when it does not end like that.
pub(crate) fn unwrap<'a>(script: &'a str, tail: &Tail) -> Option<Wrapped<'a>> {
    let rest = script.strip_suffix(tail.after_inputs)?;
    let before = rest.trim_end_matches(is_base64);
    let inputs = &rest[before.len()..];
    Some(Wrapped { code: before.strip_suffix(tail.before_inputs)?, inputs })
}

fn is_base64(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '+' | '/' | '=')
}

/// What base64 stands for; `None` when it is none, or no UTF-8: the program then finds out itself.
pub(crate) fn decoded(base64: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(base64).ok()?).ok()
}
