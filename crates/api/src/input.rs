//! Requests in JSON with their input as the JSON that it is: `input` in place of `inputJson`, `inputs` in
//! place of `inputsJson`.
//!
//! The input's text is taken as it stands in the body, so that numbers keep their digits and objects the
//! order of their keys.

use crate::ResultForm;
use crate::v1;
use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor,
};
use serde::{Deserialize, de};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A request as clients of HTTP write it.
#[derive(Clone, Debug, PartialEq)]
pub struct WithInput<M> {
    /// What is asked for.
    pub message: M,
    /// How its results are to be told: as its input was, and as values if it has none.
    pub form: ResultForm,
}

/// A message with a field that may be JSON itself.
pub trait HasInput: DeserializeOwned {
    /// The field's name where it is JSON.
    const VALUE: &'static str;
    /// Its names where it is text, that of JSON first.
    const TEXT: [&'static str; 2];
    /// It is a list of them.
    const MANY: bool;
}

impl HasInput for v1::ExecuteRequest {
    const VALUE: &'static str = "input";
    const TEXT: [&'static str; 2] = ["inputJson", "input_json"];
    const MANY: bool = false;
}

impl HasInput for v1::ExecuteBatchRequest {
    const VALUE: &'static str = "inputs";
    const TEXT: [&'static str; 2] = ["inputsJson", "inputs_json"];
    const MANY: bool = true;
}

impl<'de, M: HasInput> Deserialize<'de> for WithInput<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Body(PhantomData))
    }
}

struct Body<M>(PhantomData<M>);

impl<'de, M: HasInput> Visitor<'de> for Body<M> {
    type Value = WithInput<M>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WithInput<M>, A::Error> {
        let mut members = Members::<A, M> { map, given: None, is_value: false, message: PhantomData };
        let message = M::deserialize(MapAccessDeserializer::new(&mut members))?;
        Ok(WithInput { message, form: members.given.unwrap_or_default() })
    }
}

/// The members of a request, with the input by its name in proto and as text.
struct Members<A, M> {
    map: A,
    /// How the input was given.
    given: Option<ResultForm>,
    /// The next value is JSON, and wanted as text.
    is_value: bool,
    message: PhantomData<M>,
}

impl<'de, A: MapAccess<'de>, M: HasInput> MapAccess<'de> for Members<A, M> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let Some(Key(key)) = self.map.next_key()? else { return Ok(None) };
        let [text, _] = M::TEXT;
        let form = match &*key {
            key if key == M::VALUE => Some(ResultForm::Value),
            key if M::TEXT.contains(&key) => Some(ResultForm::Text),
            _ => None,
        };
        if let Some(form) = form {
            if self.given.is_some_and(|given| given != form) {
                let problem = format!("{} is given together with {text}: give one of them", M::VALUE);
                return Err(Error::custom(problem));
            }
            self.given = Some(form);
        }
        self.is_value = form == Some(ResultForm::Value);
        if self.is_value {
            return seed.deserialize(text.into_deserializer()).map(Some);
        }
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        if !self.is_value {
            return self.map.next_value_seed(seed);
        }
        if M::MANY {
            let values: Vec<Box<RawValue>> = self.map.next_value()?;
            let texts = values.into_iter().map(|value| StringDeserializer::new(text(value)));
            return seed.deserialize(de::value::SeqDeserializer::new(texts));
        }
        seed.deserialize(StringDeserializer::new(text(self.map.next_value()?)))
    }
}

/// Not copied.
fn text(value: Box<RawValue>) -> String {
    Box::<str>::from(value).into()
}

/// A key, borrowed from the body where it has no escapes.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a field's name")
            }

            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(key.into()))
            }

            fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(key.to_owned().into()))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<M: HasInput>(json: &str) -> Result<WithInput<M>, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    fn input(json: &str) -> (String, ResultForm) {
        let read = read::<v1::ExecuteRequest>(json).unwrap();
        (read.message.input_json, read.form)
    }

    #[test]
    fn an_input_is_taken_byte_by_byte() {
        let big = "1".repeat(5000);
        let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
        for value in [
            "{}",
            "{\"z\": 1, \"a\":2,\"z\":3}",
            "{ \"n\" : 12345678901234567890123, \"f\": 1.10e+5, \"g\": -0.0 ,\"h\":0.1000}",
            "{\"t\": \"\\u00e9\\ud83d\u{e9}\\/\"}",
            "[1, {\"a\":\tnull}]",
            "null",
            &big,
            &deep,
        ] {
            let json = format!("{{\"files\":[], \"input\" :\n {value} , \"env\":{{}}}}");
            assert!(input(&json) == (value.to_owned(), ResultForm::Value), "{value:.40}");
        }
    }

    #[test]
    fn results_are_told_as_inputs_are_given() {
        assert_eq!(input("{}"), (String::new(), ResultForm::Value));
        assert_eq!(input("{\"inputJson\":\"{}\"}"), ("{}".into(), ResultForm::Text));
        assert_eq!(input("{\"input_json\":\"\"}"), (String::new(), ResultForm::Text));
        // An escape more is no other name.
        assert_eq!(input("{\"inp\\u0075t\":{}}"), ("{}".into(), ResultForm::Value));
    }

    #[test]
    fn a_batch_has_many() {
        let batch = |json: &str| {
            let read = read::<v1::ExecuteBatchRequest>(json).unwrap();
            (read.message.inputs_json, read.form)
        };
        let values = ["{\"n\": 1.0}", "7", "{}"].map(str::to_owned).to_vec();
        assert_eq!(
            batch("{\"inputs\": [{\"n\": 1.0}, 7 ,{}], \"parallelism\": 2}"),
            (values, ResultForm::Value)
        );
        assert_eq!(batch("{\"inputsJson\": [\"{}\"]}"), (vec!["{}".into()], ResultForm::Text));
        assert_eq!(batch("{}"), (Vec::new(), ResultForm::Value));
    }

    #[test]
    fn one_input_is_enough() {
        let both = "{\"input\": {}, \"inputJson\": \"{}\"}";
        let problem = read::<v1::ExecuteRequest>(both).unwrap_err();
        assert!(problem.starts_with("input is given together with inputJson: give one of them"), "{problem}");
        let twice = "{\"input\": {}, \"input\": {}}";
        let problem = read::<v1::ExecuteRequest>(twice).unwrap_err();
        assert!(problem.starts_with("duplicate field `inputJson`"), "{problem}");
        for bad in ["{\"input\": {\"a\": }}", "{\"input\": 01}", "{\"input\"", "[]"] {
            read::<v1::ExecuteRequest>(bad).unwrap_err();
        }
    }
}
