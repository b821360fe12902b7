//! Takes in a request's body: not more than there is use for, and not for ever.

use axum::body::{Body, Bytes};
use http_body_util::{BodyExt, LengthLimitError, Limited};
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
        patience: Duration,
    },
    /// The client broke it off.
    BrokenOff,
    /// Not the JSON that is expected here; the text names the place.
    Malformed(String),
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
            Unusable::BrokenOff => formatter.write_str("the body ended early: send it again"),
            Unusable::Malformed(reason) => formatter.write_str(reason),
        }
    }
}

/// The whole body.
pub(crate) async fn read(body: Body, most: usize, patience: Duration) -> Result<Bytes, Unusable> {
    match tokio::time::timeout(patience, Limited::new(body, most).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Unusable::TooLarge { most }),
        Ok(Err(_)) => Err(Unusable::BrokenOff),
        Err(_) => Err(Unusable::TooSlow { patience }),
    }
}

/// The body as a value; what is wrong with it is told with the field's path.
pub(crate) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Unusable> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    struct Thing {
        #[expect(dead_code, reason = "only its type matters")]
        inner: Vec<u8>,
    }

    #[tokio::test]
    async fn bodies_have_a_largest_size() {
        let patience = Duration::from_secs(1);
        assert_eq!(read(Body::from("12345"), 5, patience).await.unwrap(), "12345");
        assert_eq!(read(Body::from("123456"), 5, patience).await, Err(Unusable::TooLarge { most: 5 }));
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
