//! What distinguishes a request from others: a hash of all that it asks for.

use crate::capacity::aside::{MUCH, aside};
use crate::capacity::slots::InFlightBytes;
use crate::error::Error;
use crate::tenants::Tenant;
use ampoule_model::{File, FunctionCall, Invocation, Program, Request};
use sha2::{Digest, Sha256};
use std::fmt::{Debug, Write};

/// sha256 of all that a request asks for, but for its key.
pub(crate) type Fingerprint = [u8; 32];

/// The fingerprint of a request that takes so many bytes. A large one is hashed on a thread of its own, and
/// the memory that `set_aside` gives is its own meanwhile.
pub(crate) async fn of(
    tenant: &Tenant,
    asked: Invocation,
    bytes: u64,
    set_aside: impl FnOnce() -> Result<InFlightBytes, Error>,
) -> Result<(Fingerprint, Invocation), Error> {
    if bytes <= MUCH {
        return Ok((fingerprint(&asked), asked));
    }
    let _held = set_aside()?;
    aside(tenant, async move { (fingerprint(&asked), asked) }).await.ok_or(Error::Panicked)
}

fn fingerprint(asked: &Invocation) -> Fingerprint {
    let mut hasher = Hasher(Sha256::new());
    // Taken apart by name, so that nobody adds a field and forgets it here.
    match asked {
        Invocation::Program(Request {
            program: Program { language, entry, source, file_name, modules, bigint },
            image,
            input_json,
            files,
            environment,
            stdin,
            output_files,
            limits,
            deterministic,
            idempotency_key: _,
        }) => {
            hasher.small(&("program", language, entry, bigint, image, limits, deterministic, output_files));
            hasher.bytes(source.as_bytes());
            hasher.bytes(file_name.as_bytes());
            hasher.number(modules.len());
            for module in modules {
                hasher.bytes(module.name.as_bytes());
                hasher.bytes(module.source.as_bytes());
            }
            hasher.input(input_json, files, environment);
            hasher.bytes(stdin);
        }
        Invocation::Function(FunctionCall {
            function,
            input_json,
            files,
            environment,
            stdin,
            output_files,
            limits,
            deterministic,
            idempotency_key: _,
        }) => {
            hasher.small(&("function", function, limits, deterministic, output_files));
            hasher.input(input_json, files, environment);
            hasher.bytes(stdin);
        }
    }
    hasher.0.finalize().into()
}

/// Hashes fields, each with its length, so that none can be taken for the beginning of the next.
struct Hasher(Sha256);

impl Hasher {
    fn number(&mut self, number: usize) {
        self.0.update((number as u64).to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.update(bytes);
    }

    /// By its derived text, which names and delimits every field.
    fn small(&mut self, value: &impl Debug) {
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = write!(text, "{value:?}");
        self.bytes(text.as_bytes());
    }

    fn input(&mut self, input_json: &str, files: &[File], environment: &[(String, String)]) {
        self.bytes(input_json.as_bytes());
        self.number(files.len());
        for file in files {
            self.bytes(file.path.as_bytes());
            self.bytes(&file.content);
        }
        self.number(environment.len());
        for (name, value) in environment {
            self.bytes(name.as_bytes());
            self.bytes(value.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ampoule_model::{Entry, Language, Module};

    fn request(change: impl FnOnce(&mut Request)) -> Invocation {
        let program = Program {
            language: Language::Python,
            entry: Entry::Main,
            source: "ab".into(),
            file_name: "c".into(),
            modules: Vec::new(),
            bigint: false,
        };
        let mut request = Request::of(program);
        change(&mut request);
        Invocation::Program(request)
    }

    #[test]
    fn whatever_differs_but_the_key_has_another_fingerprint() {
        let module = |name: &str, source: &str| Module { name: name.into(), source: source.into() };
        let file = |path: &str, content: &str| File { path: path.into(), content: content.into() };
        let requests = [
            request(|_| {}),
            request(|request| {
                (request.program.source, request.program.file_name) = ("a".into(), "bc".into())
            }),
            request(|request| request.program.entry = Entry::Body),
            request(|request| request.program.bigint = true),
            request(|request| request.program.modules = vec![module("a", "b")]),
            request(|request| request.program.modules = vec![module("", "ab")]),
            request(|request| request.input_json = "{}".into()),
            request(|request| request.files = vec![file("a", "b")]),
            request(|request| request.files = vec![file("a", ""), file("b", "")]),
            request(|request| request.environment = vec![("a".into(), "b".into())]),
            request(|request| request.stdin = b"a".into()),
            request(|request| request.output_files = vec!["a".into()]),
            request(|request| request.limits.fuel = Some(1)),
            request(|request| request.image = Some("python".into())),
            Invocation::Function(FunctionCall::default()),
        ];
        for (one, first) in requests.iter().enumerate() {
            for (other, second) in requests.iter().enumerate() {
                assert_eq!(fingerprint(first) == fingerprint(second), one == other, "{one} {other}");
            }
        }
        let keyed = request(|request| request.idempotency_key = "k".into());
        assert_eq!(fingerprint(&keyed), fingerprint(&requests[0]));
    }
}
