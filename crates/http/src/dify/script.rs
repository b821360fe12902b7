//! What a script of Dify's asks for.

use super::wrapper::{Wrapped, decoded, tail, unwrap};
use super::{jinja, tail};
use ampoule_service::Service;
use ampoule_world::{Entry, File, Language, Program, Request};

/// Inputs from this size on, in base64, are not compiled with the source but come as a file: a person's code of common size
/// stays below what a source may have, and the program cache is not filled with what never comes again.
const LARGE: usize = 256 << 10;

/// Where large inputs lie, in the working directory.
const INPUTS_FILE: &str = ".dify/inputs.json";

/// A request for what the script does. Its output is its result, so it may be as large as the server allows.
pub(crate) fn request(language: Language, script: String, service: &Service) -> Request {
    let mut request = read(language, script);
    request.limits.output_bytes = Some(service.caps().output_bytes);
    request
}

fn read(language: Language, script: String) -> Request {
    if language == Language::Python
        && let Some(template) = jinja::read(&script)
    {
        let program = program(language, Entry::Main, template.source);
        return Request { input_json: template.input_json, ..Request::of(program) };
    }
    let tail = tail(language);
    let Some(wrapped) = unwrap(&script, tail) else {
        return Request::of(program(language, Entry::Script, script));
    };
    let end = tail::waiting(language, tail);
    let (inputs, files) = match large_inputs(language, &wrapped) {
        Some((expression, file)) => (expression, vec![file]),
        None => (wrapped.inputs.to_owned(), Vec::new()),
    };
    let source = [wrapped.code, tail.before_inputs, &inputs, &end].concat();
    Request { files, ..Request::of(program(language, Entry::Script, source)) }
}

fn program(language: Language, entry: Entry, source: String) -> Program {
    Program { language, entry, source, file_name: String::new(), modules: Vec::new() }
}

/// Ends the text in which the inputs would stand, as an empty one, and goes on with what they are read from.
fn large_inputs(language: Language, wrapped: &Wrapped<'_>) -> Option<(String, File)> {
    if wrapped.inputs.len() < LARGE {
        return None;
    }
    let content = decoded(wrapped.inputs)?.into_bytes();
    let expression = match language {
        // b64decode('').decode('utf-8') + open(…).read() + b64decode('').decode('utf-8')
        Language::Python => format!(
            "').decode('utf-8') + __import__('io').open('/work/{INPUTS_FILE}', encoding='utf-8', newline='').read() + b64decode('"
        ),
        // Buffer.from('' || readFileSync(…) || '', 'base64')
        Language::Javascript => format!("' || require('fs').readFileSync('/work/{INPUTS_FILE}') || '"),
    };
    Some((expression, File { path: INPUTS_FILE.into(), content }))
}
