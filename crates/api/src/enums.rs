//! Enums in JSON: written by proto's names (`LANGUAGE_PYTHON`), and read by these, by what is left of them
//! without the enum's own name in either case (`python`), and by their numbers.

use serde::de::{Error, Unexpected, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// No enum value has a longer name.
const LONGEST: usize = 64;

/// What all names begin with is what the name of 0 has before this.
const UNSPECIFIED: &str = "UNSPECIFIED";

/// An enum of proto.
pub(crate) trait Named: Copy + Default + TryFrom<i32> {
    /// Its name.
    fn name(self) -> &'static str;

    /// Whose name it is.
    fn of_name(name: &str) -> Option<Self>;
}

/// Gives a generated enum its JSON form.
macro_rules! json_enum {
    ($name:ident) => {
        impl crate::enums::Named for $name {
            fn name(self) -> &'static str {
                self.as_str_name()
            }

            fn of_name(name: &str) -> Option<Self> {
                Self::from_str_name(name)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str_name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(crate::enums::Reader::new())
            }
        }
    };
}
pub(crate) use json_enum;

/// Reads an enum.
pub(crate) struct Reader<E>(PhantomData<E>);

impl<E: Named> Reader<E> {
    pub(crate) fn new() -> Self {
        Reader(PhantomData)
    }
}

fn prefix<E: Named>() -> &'static str {
    let zero = E::default().name();
    zero.strip_suffix(UNSPECIFIED).unwrap_or("")
}

fn of_short<E: Named>(name: &str) -> Option<E> {
    E::of_name(&format!("{}{}", prefix::<E>(), name.to_ascii_uppercase()))
}

/// The short names that a request can give.
fn short_names<E: Named>() -> Vec<String> {
    let prefix = prefix::<E>();
    let names = (1..).map_while(|number| E::try_from(number).ok()).map(Named::name);
    names.map(|name| name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase()).collect()
}

impl<E: Named> Visitor<'_> for Reader<E> {
    type Value = E;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "one of {}", short_names::<E>().join(", "))
    }

    fn visit_str<Problem: Error>(self, name: &str) -> Result<E, Problem> {
        if name.len() <= LONGEST
            && let Some(found) = E::of_name(name).or_else(|| of_short(name))
        {
            return Ok(found);
        }
        let shown: String = name.chars().take(LONGEST).flat_map(char::escape_debug).collect();
        Err(Problem::custom(format!("'{shown}' is none of {}", short_names::<E>().join(", "))))
    }

    fn visit_i64<Problem: Error>(self, number: i64) -> Result<E, Problem> {
        let found = i32::try_from(number).ok().and_then(|number| E::try_from(number).ok());
        found.ok_or_else(|| Problem::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<Problem: Error>(self, number: u64) -> Result<E, Problem> {
        let found = i32::try_from(number).ok().and_then(|number| E::try_from(number).ok());
        found.ok_or_else(|| Problem::invalid_value(Unexpected::Unsigned(number), &self))
    }
}

#[cfg(test)]
mod tests {
    use crate::v1::{Entry, Language, Status, VariableType};
    use serde::de::DeserializeOwned;
    use std::fmt::Debug;

    fn read<E: DeserializeOwned>(json: &str) -> Result<E, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    fn all_name<E: DeserializeOwned + PartialEq + Debug>(names: &[&str], expected: &E) {
        for name in names {
            assert_eq!(read::<E>(name).as_ref(), Ok(expected), "{name}");
        }
    }

    #[test]
    fn short_names_long_names_and_numbers_are_read() {
        all_name(&["\"python\"", "\"PYTHON\"", "\"LANGUAGE_PYTHON\"", "1"], &Language::Python);
        all_name(&["\"script\"", "\"Script\"", "\"ENTRY_SCRIPT\"", "3"], &Entry::Script);
        all_name(&["\"timed_out\"", "\"STATUS_TIMED_OUT\"", "5"], &Status::TimedOut);
        all_name(&["\"array\"", "\"VARIABLE_TYPE_ARRAY\"", "5"], &VariableType::Array);
    }

    #[test]
    fn one_name_is_written() {
        assert_eq!(serde_json::to_string(&Language::Python).unwrap(), "\"LANGUAGE_PYTHON\"");
        assert_eq!(serde_json::to_string(&Status::TimedOut).unwrap(), "\"STATUS_TIMED_OUT\"");
    }

    #[test]
    fn what_is_none_is_told_with_those_that_there_are() {
        let long = format!("\"{}\"", "x".repeat(1000));
        for json in ["\"ruby\"", "\"language_python\"", "\"\"", "\"ENTRY_MAIN\"", &long] {
            let problem = read::<Language>(json).unwrap_err();
            assert!(problem.contains("is none of python, javascript, typescript"), "{problem}");
            assert!(problem.len() < 200, "{problem}");
        }
        for json in ["7", "-1", "4294967297", "1.5", "null", "{}"] {
            let problem = read::<Language>(json).unwrap_err();
            assert!(problem.contains("expected one of python, javascript, typescript"), "{problem}");
        }
    }
}
