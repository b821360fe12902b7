//! Takes in a request's body: not more than there is use for, and not for ever.

use ampoule_service::{Error, Incoming};
use axum::body::{Body, Bytes, HttpBody};
use bytes::BytesMut;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use std::string::FromUtf8Error;
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
        patience: Duration,
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
    /// Not the JSON that is expected here; the text names the place.
    Malformed(String),
}

impl Unusable {
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
            Unusable::TooSlow { patience } => write!(
                formatter,
                "the body did not arrive within {} s: send it in one go",
                patience.as_secs_f64()
            ),
            Unusable::NoRoom { message, .. } => formatter.write_str(message),
            Unusable::BrokenOff => formatter.write_str("the body ended early: send it again"),
            Unusable::Malformed(reason) => formatter.write_str(reason),
        }
    }
}

/// A whole body, and the memory that is set aside for it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) bytes: Bytes,
    #[expect(dead_code, reason = "gives the memory back when dropped")]
    memory: Incoming,
}

/// Parsing more than this takes about a millisecond, which is not spent where others' requests wait for it.
const MUCH: usize = 256 << 10;

impl Received {
    /// The body as a value, see [`parse`].
    pub(crate) async fn parse<T: DeserializeOwned + Send + 'static>(self) -> Result<T, Unusable> {
        self.parse_into(Ok).await
    }

    /// The body as text; a large one is looked at on a thread of its own.
    pub(crate) async fn text(self) -> Result<String, Unusable> {
        let size = self.bytes.len();
        let text = move || {
            let not_text = |error: FromUtf8Error| {
                Unusable::Malformed(format!("the body is not UTF-8 text: {}", error.utf8_error()))
            };
            String::from_utf8(self.bytes.into()).map_err(not_text)
        };
        if size <= MUCH { text() } else { apart(text).await }
    }

    /// The same, and what is made of it; a large one is parsed on a thread of its own.
    pub(crate) async fn parse_into<T, U>(
        self,
        make: impl FnOnce(T) -> Result<U, Unusable> + Send + 'static,
    ) -> Result<U, Unusable>
    where
        T: DeserializeOwned,
        U: Send + 'static,
    {
        let size = self.bytes.len();
        let parse = move || parse(&self.bytes).and_then(make);
        if size <= MUCH { parse() } else { apart(parse).await }
    }
}

/// Does the work where no others' requests wait for it.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Unusable> + Send + 'static,
) -> Result<T, Unusable> {
    // A panic is a bug, and this request's own.
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Unusable::Malformed("the body hit a bug in the server".into())))
}

/// The whole body. A part of it is only taken in when memory is set aside for it: for all of it at once where its length is
/// said beforehand.
pub(crate) async fn read(
    body: Body,
    mut memory: Incoming,
    most: usize,
    patience: Duration,
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
    let taken = tokio::time::timeout(patience, taking_in).await;
    let bytes = taken.unwrap_or(Err(Unusable::TooSlow { patience }))?;
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

/// Members, items and braces that a body can have outside of its texts: three times those of the largest request that is
/// admitted, of 256 each of files, modules and variables. An empty item takes three bytes here and some fifty as a value.
const MOST_PARTS: usize = 20_000;

/// The body as a value; what is wrong with it is told with the field's path.
pub(crate) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Unusable> {
    if parts(json) > MOST_PARTS {
        let reason =
            format!("the body has more than {MOST_PARTS} parts: send fewer files, modules or variables");
        return Err(Unusable::Malformed(reason));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        // A dot is the value as a whole, a question mark one that was not reached.
        let what = if path == "." || path.ends_with('?') { "the body".to_owned() } else { path };
        Unusable::Malformed(format!("{what} is not as expected: {}", error.inner()))
    })?;
    let end = deserializer.end();
    end.map_err(|error| Unusable::Malformed(format!("the body is not one JSON value: {error}")))?;
    Ok(value)
}

/// Commas and brackets outside of texts.
fn parts(json: &[u8]) -> usize {
    let (mut parts, mut within_text, mut escaped) = (0, false, false);
    for byte in json {
        match (within_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => within_text = !within_text,
            (false, b',' | b'{' | b'[') => parts += 1,
            _ => {}
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    struct Thing {
        #[expect(dead_code, reason = "only its type matters")]
        inner: Vec<u8>,
    }

    #[test]
    fn texts_are_not_counted() {
        assert_eq!(parts(br#"{"a,{[": ["\"{,", {}], "b\\": "[["}"#), 5);
        assert_eq!(parts(b"{\"files\": [{},{},{}]}"), 7);
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
