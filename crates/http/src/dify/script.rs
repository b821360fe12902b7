//! What a script of Dify's asks for.
//!
//! The inputs stand in the script as base64, so every request is a new source. They are taken out of it and
//! come as a file, so that a person's code is compiled once, whatever its inputs, and that ten megabytes of
//! them need not be compiled at all.

use super::shape::{self, Shape};
use super::wrapper::{decoded, tail, unwrap};
use super::{jinja, tail};
use ampoule_model::{Entry, File, Language, Program, Request};

/// Where the inputs lie, in the working directory; a program that lists it finds them.
const INPUTS_FILE: &str = ".dify/inputs.json";

/// The object of the JavaScript runtime that reads files. A program that says its name may mean something
/// else by it.
const READER: &str = "ampoule";

/// Asks for what `script`, which Dify or another client wrote around a person's code, is meant to do. A
/// script that has no such end runs as it is.
pub fn request(language: Language, script: String) -> Request {
    if language == Language::Python
        && let Some(template) = jinja::read(&script)
    {
        let program = program(language, Entry::Main, template.source);
        return Request { input_json: template.input_json, ..Request::of(program) };
    }
    let tail = tail(language);
    let Some(wrapped) = unwrap(&script, tail) else {
        return match shape::read(language, &script) {
            Some(shape) => of_shape(language, &shape),
            None => Request::of(program(language, Entry::Script, script)),
        };
    };
    let (expression, files) = match inputs_file(language, wrapped.code, wrapped.inputs) {
        Some((expression, file)) => (expression, vec![file]),
        None => (wrapped.expression.to_owned(), Vec::new()),
    };
    let source = [wrapped.code, tail.before, &expression, &tail::waiting(language, tail)].concat();
    Request { files, ..Request::of(program(language, Entry::Script, source)) }
}

fn of_shape(language: Language, shape: &Shape<'_>) -> Request {
    let (mut expression, files) = match inputs_file(language, shape.before, shape.inputs) {
        Some((expression, file)) => (expression, vec![file]),
        None => (shape.expression.to_owned(), Vec::new()),
    };
    if !files.is_empty() {
        expression.push_str(&"\n".repeat(shape.expression.matches('\n').count()));
    }
    let source = [shape.before, &expression, shape.until, &shape.added, shape.rest].concat();
    Request { files, ..Request::of(program(language, Entry::Script, source)) }
}

/// The script with nothing changed but that an `async` main is waited for; `None` for one that does not end
/// as clients' do.
pub fn waiting_script(language: Language, script: &str) -> Option<String> {
    let tail = tail(language);
    let Some(wrapped) = unwrap(script, tail) else {
        let shape = shape::read(language, script)?;
        return Some([shape.before, shape.expression, shape.until, &shape.added, shape.rest].concat());
    };
    Some([wrapped.code, tail.before, wrapped.expression, &tail::waiting(language, tail)].concat())
}

fn program(language: Language, entry: Entry, source: String) -> Program {
    Program { language, entry, source, file_name: String::new(), modules: Vec::new(), bigint: false }
}

/// The inputs as a file, and the expression that reads it. `None` where that cannot be done, or would mean
/// something else.
fn inputs_file(language: Language, code: &str, inputs: &str) -> Option<(String, File)> {
    let expression = match language {
        Language::Python => {
            // Unbuffered, and closed at once: pathlib would take a third of a small node's time.
            format!(
                "(lambda file: (file.read(), file.close())[0])(__import__('io').open('/work/{INPUTS_FILE}', 'rb', 0)).decode('utf-8')"
            )
        }
        Language::Javascript if code.contains(READER) => return None,
        Language::Javascript => format!("{READER}.readFile('/work/{INPUTS_FILE}', 'utf-8')"),
    };
    let content = decoded(inputs)?.into_bytes();
    Some((expression, File { path: INPUTS_FILE.into(), content }))
}
