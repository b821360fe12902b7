//! Members of a JSON object, one after the other: a caller's object has as many as its size allows, and none
//! of them is kept.

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Hands each member of an object to `take`, which ends it with an error. `Ok(false)`: it is no object.
pub(super) fn each<'json, E>(
    json: &'json str,
    take: impl FnMut(&str, &'json RawValue) -> Result<(), E>,
) -> Result<bool, E> {
    let mut members = Members { take, ended: None };
    let read = serde_json::Deserializer::from_str(json).deserialize_map(&mut members);
    members.ended.map_or(Ok(read.is_ok()), Err)
}

struct Members<F, E> {
    take: F,
    ended: Option<E>,
}

impl<'json, F, E> Visitor<'json> for &mut Members<F, E>
where
    F: FnMut(&str, &'json RawValue) -> Result<(), E>,
{
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'json>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some((Name(name), value)) = map.next_entry::<Name<'json>, &'json RawValue>()? {
            if let Err(ended) = (self.take)(&name, value) {
                self.ended = Some(ended);
                return Err(M::Error::custom("it is looked at no further"));
            }
        }
        Ok(())
    }
}

/// Borrowed where nothing in it is escaped.
struct Name<'json>(Cow<'json, str>);

impl<'json> Deserialize<'json> for Name<'json> {
    fn deserialize<D: Deserializer<'json>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'json> Visitor<'json> for Reading {
            type Value = Name<'json>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'json str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(Reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_in_their_order_with_names_as_they_are_meant() {
        let mut seen = Vec::new();
        let is_object = each(r#"{"a": 1.50, "\u0062\n": {"c": []}, "a": null}"#, |name, value| {
            seen.push((name.to_owned(), value.get().to_owned()));
            Ok::<_, ()>(())
        });
        assert_eq!(is_object, Ok(true));
        let expected = [("a", "1.50"), ("b\n", r#"{"c": []}"#), ("a", "null")];
        assert_eq!(seen, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn an_error_ends_it_and_other_values_have_no_members() {
        let mut looked_at = 0;
        let ended = each(r#"{"a": 1, "b": 2, "c": 3}"#, |name, _| {
            looked_at += 1;
            if name == "b" { Err("enough") } else { Ok(()) }
        });
        assert_eq!((ended, looked_at), (Err("enough"), 2));
        for other in ["1", "[1]", "null", "\"a\"", ""] {
            assert_eq!(each(other, |_, _| Ok::<_, ()>(())), Ok(false), "{other}");
        }
    }
}
