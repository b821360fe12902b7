//! Takes in a request's body: not more than there is use for, and not for ever.

use ampoule_api::{HasInput, WithInput};
use ampoule_service::{BodyReservation, Error};
use axum::body::{Body, Bytes, HttpBody};
use bytes::BytesMut;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use memchr::memchr2;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Why a body is of no use.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// Larger than anything that would be executed.
    TooLarge {
        /// What is taken, in bytes.
        most: usize,
    },
    /// The client took too long.
    TooSlow {
        /// How long it had.
        timeout: Duration,
    },
    /// There is no memory for it now.
    NoRoom {
        /// What is taken, in the service's words.
        message: String,
        /// When there may be some.
        retry_after: Duration,
    },
    /// The client broke it off.
    BrokenOff,
    /// Not the JSON that is expected here.
    Malformed {
        /// The place; none: the body as a whole.
        field: Option<String>,
        /// What it is, and what it may be.
        reason: String,
    },
}

impl Unusable {
    fn body(reason: impl Into<String>) -> Unusable {
        Unusable::Malformed { field: None, reason: reason.into() }
    }

    /// The name of gRPC's status for it, in lower case.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Unusable::NoRoom { .. } => "resource_exhausted",
            _ => "invalid_argument",
        }
    }

    /// When it may be sent again, if that can help.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Unusable::NoRoom { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }
}

impl std::fmt::Display for Unusable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unusable::TooLarge { most } => write!(
                formatter,
                "the body is too large: the server takes at most {most} bytes: send less input, files or source"
            ),
            Unusable::TooSlow { timeout } => write!(
                formatter,
                "the body did not arrive within {} s: send it in one go",
                timeout.as_secs_f64()
            ),
            Unusable::NoRoom { message, .. } => formatter.write_str(message),
            Unusable::BrokenOff => formatter.write_str("the body ended early: send it again"),
            Unusable::Malformed { field, reason } => {
                write!(formatter, "{} {reason}", field.as_deref().unwrap_or("the body"))
            }
        }
    }
}

/// A whole body, and the memory that is set aside for it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) bytes: Bytes,
    /// Gives the memory back when dropped.
    memory: BodyReservation,
}

/// Parsing more than this takes about a millisecond, which is not spent where others' requests wait for it.
const MUCH: usize = 256 << 10;

impl Received {
    /// The body as a value, see [`parse`].
    pub(crate) async fn parse<T: DeserializeOwned + Send + 'static>(self) -> Result<T, Unusable> {
        self.aside(parse).await
    }

    /// The body as text; a large one is looked at on a thread of its own.
    pub(crate) async fn text(self) -> Result<String, Unusable> {
        let not_text = |error: std::str::Utf8Error| Unusable::body(format!("is not UTF-8 text: {error}"));
        self.aside(move |bytes| std::str::from_utf8(bytes).map(str::to_owned).map_err(not_text)).await
    }

    /// The same, and what is made of it.
    pub(crate) async fn parse_into<T, U>(
        self,
        make: impl FnOnce(T) -> Result<U, Unusable> + Send + 'static,
    ) -> Result<U, Unusable>
    where
        T: DeserializeOwned,
        U: Send + 'static,
    {
        self.aside(|json| parse(json).and_then(make)).await
    }

    /// The body as a request whose input may be the JSON that it is, see [`parse_with_input`].
    pub(crate) async fn parse_with_input<M: HasInput + Send + 'static>(
        self,
    ) -> Result<WithInput<M>, Unusable> {
        self.aside(parse_with_input).await
    }

    /// A large body is parsed on a thread of its own.
    async fn aside<T: Send + 'static>(
        self,
        parse: impl FnOnce(&[u8]) -> Result<T, Unusable> + Send + 'static,
    ) -> Result<T, Unusable> {
        if self.bytes.len() <= MUCH {
            return parse(&self.bytes);
        }
        // A panic is a bug, and this request's own.
        let tenant = self.memory.tenant().clone();
        let parsed = ampoule_service::aside(&tenant, async move { parse(&self.bytes) }).await;
        parsed.unwrap_or_else(|| Err(Unusable::body("hit a bug in the server")))
    }
}

/// The whole body. A part of it is only taken in when memory is set aside for it: for all of it at once where
/// its length is said beforehand.
pub(crate) async fn read(
    body: Body,
    mut memory: BodyReservation,
    most: usize,
    timeout: Duration,
) -> Result<Received, Unusable> {
    let said = body.size_hint().exact();
    if said.is_some_and(|said| said > most as u64) {
        return Err(Unusable::TooLarge { most });
    }
    memory.expect(said.unwrap_or(0)).map_err(no_room)?;
    let taking_in = async {
        let mut body = Limited::new(body, most);
        let mut bytes = BytesMut::with_capacity(said.unwrap_or(0) as usize);
        while let Some(frame) = body.frame().await {
            let Ok(piece) = frame.map_err(|error| of_broken(&*error, most))?.into_data() else { continue };
            if said.is_none() {
                memory.expect(piece.len() as u64).map_err(no_room)?;
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.freeze())
    };
    let taken = tokio::time::timeout(timeout, taking_in).await;
    let bytes = taken.unwrap_or(Err(Unusable::TooSlow { timeout }))?;
    Ok(Received { bytes, memory })
}

fn of_broken(error: &(dyn std::error::Error + 'static), most: usize) -> Unusable {
    if error.is::<LengthLimitError>() { Unusable::TooLarge { most } } else { Unusable::BrokenOff }
}

fn no_room(error: Error) -> Unusable {
    let retry_after = match &error {
        Error::Busy { retry_after, .. } => *retry_after,
        _ => Duration::from_secs(1),
    };
    Unusable::NoRoom { message: error.to_string(), retry_after }
}

/// Members, items and braces that a body can have outside of its texts: three times those of the largest
/// request that is admitted, of 256 each of files, modules and variables. An empty item takes three bytes
/// here and some fifty as a value.
const MOST_PARTS: usize = 20_000;

/// Longer names and reasons are cut: both can hold what the client has sent.
const LONGEST: usize = 1000;

/// A member of the body that is not taken apart, but for so many levels of it.
#[derive(Clone, Copy)]
struct Whole {
    key: &'static str,
    levels: usize,
}

/// The body as a value; what is wrong with it is told with the field's path.
pub(crate) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Unusable> {
    parse_but(json, None)
}

/// The same of a request whose input may be the JSON that it is, of any size.
pub(crate) fn parse_with_input<M: HasInput>(json: &[u8]) -> Result<WithInput<M>, Unusable> {
    parse_but(json, Some(Whole { key: M::VALUE, levels: usize::from(M::MANY) }))
}

fn parse_but<T: DeserializeOwned>(json: &[u8], whole: Option<Whole>) -> Result<T, Unusable> {
    if parts(json, whole) > MOST_PARTS {
        let reason =
            format!("has more than {MOST_PARTS} parts: send fewer files, modules, variables or inputs");
        return Err(Unusable::body(reason));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        // A dot is the value as a whole, a question mark one that was not reached.
        let form = form_of(&path).map_or_else(String::new, |form| format!(": write {form}"));
        let field = if path == "." || path.ends_with('?') { None } else { Some(cut(path)) };
        let told = error.inner().to_string();
        let told = match whole {
            // The message itself does not know of it.
            Some(Whole { key, .. }) if field.is_none() => {
                told.replacen("expected one of ", &format!("expected one of `{key}`, "), 1)
            }
            _ => told,
        };
        Unusable::Malformed { field, reason: cut(format!("is not as expected: {told}{form}")) }
    })?;
    let end = deserializer.end();
    end.map_err(|error| Unusable::body(format!("is not one JSON value: {error}")))?;
    Ok(value)
}

/// What a field is written as that JSON has no form of its own for.
fn form_of(path: &str) -> Option<&'static str> {
    let field = path.rsplit('.').next().unwrap_or(path);
    match field {
        "wallTime" | "wall_time" | "cpuTime" | "cpu_time" | "cpuPerSecond" | "cpu_per_second"
        | "cpuPerDay" | "cpu_per_day" => Some("a time in seconds as text, like \"1.5s\""),
        "content" | "stdin" => Some("bytes as text in base64"),
        "fuel" => Some("a number of units, like 1000000000"),
        _ if field.ends_with("Bytes") || field.ends_with("_bytes") => {
            Some("a number of bytes, like 67108864")
        }
        _ => None,
    }
}

fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}

/// Commas and brackets outside of texts, and of what is not taken apart.
fn parts(json: &[u8], whole: Option<Whole>) -> usize {
    let (mut parts, mut depth, mut at) = (0, 0_usize, 0);
    let (mut member, mut within_whole) = (&[][..], None);
    while let Some(byte) = json.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let end = end_of_text(json, at);
                member = &json[at..end];
                at = end + 1;
            }
            b':' if depth == 1 => within_whole = whole.filter(|whole| whole.key.as_bytes() == member),
            b',' | b'{' | b'[' => {
                match byte {
                    b',' if depth == 1 => within_whole = None,
                    b',' => {}
                    _ => depth += 1,
                }
                if within_whole.is_none_or(|whole| depth <= 1 + whole.levels) {
                    parts += 1;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    parts
}

/// Where the text ends that begins here: its quote, or the end of all where it has none.
fn end_of_text(json: &[u8], begin: usize) -> usize {
    let mut at = begin;
    while let Some(found) = json.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if json[at] == b'"' {
            return at;
        }
        // What is escaped ends nothing.
        at += 2;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ampoule_api::v1::ExecuteRequest;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    struct Thing {
        #[expect(dead_code, reason = "only its type matters")]
        inner: Vec<u8>,
    }

    #[test]
    fn texts_are_not_counted() {
        assert_eq!(parts(br#"{"a,{[": ["\"{,", {}], "b\\": "[["}"#, None), 5);
        assert_eq!(parts(b"{\"files\": [{},{},{}]}", None), 7);
        for cut_off in [&b""[..], b"{\"", b"{\"a", b"{\"a\\", b"{\"a\\\"", b"{\"a\\\\\""] {
            assert_eq!(parts(cut_off, None), usize::from(!cut_off.is_empty()), "{cut_off:?}");
        }
    }

    #[test]
    fn what_is_not_taken_apart_is_not_counted() {
        let input = Some(Whole { key: "input", levels: 0 });
        let inputs = Some(Whole { key: "inputs", levels: 1 });
        let cases: [(&[u8], _, _); 7] = [
            (br#"{"input": {"a": [1, 2, {}], "b": {}}}"#, input, 1),
            (br#"{"input": {"a": [1, 2]}, "files": [{}, {}]}"#, input, 6),
            (br#"{"a": {"input": [1, 2]}, "input" : [[[[, "env": {"a": 1, "b": 2}}"#, input, 5),
            (br#"{"a": "input", "b": [1, 2]}"#, input, 4),
            (br#"{"input": 1, "b": [1, 2]}"#, input, 4),
            (br#"{"inputs": [{"a": [1, 2]}, {"b": {}}], "b": [{}]}"#, inputs, 6),
            (br#"{"inputs": [{"a": [1, 2]}]}"#, None, 5),
        ];
        for (json, whole, expected) in cases {
            assert_eq!(parts(json, whole), expected, "{}", String::from_utf8_lossy(json));
        }
    }

    #[test]
    fn an_input_can_have_any_number_of_parts_and_files_cannot() {
        let many = |item: &str| vec![item; 2 * MOST_PARTS].join(",");
        let input = format!("{{\"input\": {{\"a\": [{}]}}}}", many("{}"));
        let read = parse_with_input::<ExecuteRequest>(input.as_bytes()).unwrap();
        assert!(read.message.input_json.len() > 3 * MOST_PARTS);
        for json in [
            format!("{{\"input\": {{}}, \"files\": [{}]}}", many("{}")),
            format!("{{\"files\": [{}], \"input\": {{}}}}", many("{}")),
            format!("{{\"source\": {{\"input\": 1, \"modules\": [{}]}}}}", many("{}")),
        ] {
            let problem = parse_with_input::<ExecuteRequest>(json.as_bytes()).unwrap_err();
            assert!(problem.to_string().starts_with("the body has more than 20000 parts"), "{problem}");
        }
    }

    #[test]
    fn what_is_quoted_is_cut() {
        let long = "x".repeat(1 << 20);
        for json in [format!("{{\"{long}\": 1}}"), format!("{{\"source\": {{\"{long}\": 1}}}}")] {
            let problem = parse::<ExecuteRequest>(json.as_bytes()).unwrap_err().to_string();
            assert!(problem.len() < 3 * LONGEST, "{}", problem.len());
        }
    }

    #[test]
    fn what_may_be_written_instead_is_told() {
        let problem =
            |json: &str| parse_with_input::<ExecuteRequest>(json.as_bytes()).unwrap_err().to_string();
        let unknown = problem(r#"{"inputs": {}}"#);
        assert!(unknown.contains("unknown field `inputs`, expected one of `input`, `source`"), "{unknown}");
        let memory = problem(r#"{"limits": {"memoryBytes": "64MiB"}}"#);
        assert!(memory.starts_with("limits.memoryBytes is not as expected: "), "{memory}");
        assert!(memory.ends_with(": write a number of bytes, like 67108864"), "{memory}");
    }

    #[test]
    fn what_is_malformed_is_named() {
        let problem = |json: &str| parse::<Thing>(json.as_bytes()).unwrap_err().to_string();
        assert!(problem("{\"inner\": [1, \"x\"]}").starts_with("inner[1] is not as expected: invalid type"));
        assert!(problem("{").starts_with("the body is not as expected: EOF"));
        assert!(problem("{\"inner\": []} x").starts_with("the body is not one JSON value: trailing"));
        assert!(parse::<Thing>(b"{\"inner\": []}\n").is_ok());
    }
}
