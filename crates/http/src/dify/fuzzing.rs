//! What the fuzz targets (`fuzz/`) need of the inside: not a part of the API.

use super::wrapper::{tail, unwrap};
use super::{jinja, run, script, shape};
use crate::body;
use ampoule_api::WithInput;
use ampoule_api::v1::{ExecuteBatchRequest, ExecuteRequest};
use ampoule_model::{Language, Request};

/// The body of `POST /v1/execute`.
pub fn execute_request(json: &[u8]) -> Result<WithInput<ExecuteRequest>, String> {
    body::parse_with_input(json).map_err(|problem| problem.to_string())
}

/// The body of `POST /v1/execute:batch`.
pub fn batch_request(json: &[u8]) -> Result<WithInput<ExecuteBatchRequest>, String> {
    body::parse_with_input(json).map_err(|problem| problem.to_string())
}

/// The body of `POST /v1/sandbox/run`, and what it asks for.
pub fn asked(json: &[u8]) -> Result<Request, String> {
    let asked: run::Sent = body::parse(json).map_err(|problem| problem.to_string())?;
    Ok(script::request(run::language(&asked.language)?, asked.code))
}

/// A script that was recognised, put together of its parts.
pub fn put_together(language: Language, script: &str) -> Option<String> {
    let tail = tail(language);
    let Some(wrapped) = unwrap(script, tail) else {
        let shape = shape::read(language, script)?;
        assert!(shape.expression.contains(shape.inputs), "the inputs are in their expression");
        return Some([shape.before, shape.expression, shape.until, shape.rest].concat());
    };
    assert!(wrapped.expression.contains(wrapped.inputs), "the inputs are in their expression");
    Some([wrapped.code, tail.before, wrapped.expression, tail.after].concat())
}

/// A script of a template: the program it becomes, and its inputs.
pub fn template(script: &str) -> Option<(String, String)> {
    jinja::read(script).map(|template| (template.source, template.input_json))
}
