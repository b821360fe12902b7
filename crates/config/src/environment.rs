//! The configuration from the environment: `AMPOULE_LIMITS__WALL_TIME=5s` is `limits.wall_time` of the file,
//! and goes before it.
//!
//! A name that is no setting is an error, as it is in the file: a misspelt limit must not silently be the
//! default.

use crate::server::Config;
use serde::Deserialize;
use toml::{Table, Value};

/// Begins every name.
const PREFIX: &str = "AMPOULE_";

/// Between a section and its key: a single one is a part of names.
const BETWEEN: &str = "__";

/// Variables that are no settings of a server: those of other commands, of flags, and of our tests.
const OTHERS: [&str; 8] = [
    "AMPOULE_ADMIN_KEY",
    "AMPOULE_API_KEY",
    "AMPOULE_DIFY_KEY",
    "AMPOULE_RUNTIMES",
    "AMPOULE_TOOL_CACHE",
    "AMPOULE_CONFORMANCE_",
    "AMPOULE_NATIVE_",
    "AMPOULE_TEST_",
];

/// What a file says, changed by `variables`, those of the process mostly.
pub(crate) fn over(text: &str, variables: impl Iterator<Item = (String, String)>) -> Result<Config, String> {
    let known = Table::try_from(Config::with_everything()).map_err(|error| error.to_string())?;
    let mut settings = Vec::new();
    for (name, value) in variables {
        // Set to nothing is what deployments do to unset one.
        if name.starts_with(PREFIX) && !is_other(&name) && !value.is_empty() {
            settings.push((path(&name, &known)?, typed(&name, value, &known)?));
        }
    }
    if settings.is_empty() {
        // Errors of this way name the line.
        return Config::parse(text);
    }
    let mut table: Table = text.parse().map_err(|error: toml::de::Error| said(&error))?;
    for (path, value) in settings {
        put(&mut table, &path, value)?;
    }
    Config::deserialize(table).map_err(|error| said(&error))
}

fn said(error: &toml::de::Error) -> String {
    error.to_string().trim_end().to_owned()
}

/// Others, or an address of a service that Kubernetes puts into the environment of every pod, whose name
/// begins with ours.
fn is_other(name: &str) -> bool {
    let of_ours =
        OTHERS.iter().any(|other| name == *other || (other.ends_with('_') && name.starts_with(other)));
    let of_kubernetes = name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT")
        || name.contains("_PORT_");
    of_ours || of_kubernetes
}

/// `["limits", "wall_time"]`, if there is such a setting.
fn path(name: &str, known: &Table) -> Result<Vec<String>, String> {
    let path: Vec<String> = name[PREFIX.len()..].split(BETWEEN).map(str::to_ascii_lowercase).collect();
    if find(known, &path).is_none_or(Value::is_table) {
        return Err(format!(
            "{name} is no setting: names are those of the file in upper case, after {PREFIX} and with {BETWEEN} between a \
             section and its key, as in AMPOULE_LIMITS__WALL_TIME; tenants are for the file"
        ));
    }
    Ok(path)
}

/// The value in the setting's type, if it is one.
fn typed(name: &str, text: String, known: &Table) -> Result<Value, String> {
    let path = path(name, known)?;
    let wrong = |what: &str| format!("{name} is '{}': write {what}", text.escape_debug());
    let value = match find(known, &path) {
        Some(Value::Integer(_)) => text
            .replace('_', "")
            .parse()
            .map(Value::Integer)
            .map_err(|_| wrong("a whole number, like 1000 or 1_000"))?,
        Some(Value::Float(_)) => text.parse().map(Value::Float).map_err(|_| wrong("a number, like 0.5"))?,
        Some(Value::Boolean(_)) => text.parse().map(Value::Boolean).map_err(|_| wrong("true or false"))?,
        Some(Value::Array(_)) => {
            text.split(',').map(|item| Value::String(item.trim().to_owned())).collect::<Vec<_>>().into()
        }
        _ => Value::String(text),
    };
    // By itself, so that what is wrong with it is told with its name.
    let mut table = known.clone();
    put(&mut table, &path, value.clone())?;
    Config::deserialize(table).map_err(|error| format!("{name}: {}", error.message())).map(|_| value)
}

fn find<'a>(table: &'a Table, path: &[String]) -> Option<&'a Value> {
    let (last, sections) = path.split_last()?;
    let table = sections.iter().try_fold(table, |table, section| table.get(section)?.as_table())?;
    table.get(last)
}

fn put(table: &mut Table, path: &[String], value: Value) -> Result<(), String> {
    let Some((last, sections)) = path.split_last() else { return Ok(()) };
    let mut table = table;
    for section in sections {
        let entry = table.entry(section.clone()).or_insert_with(|| Value::Table(Table::new()));
        table = entry.as_table_mut().ok_or_else(|| format!("{section} is no section"))?;
    }
    table.insert(last.clone(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
        over(text, variables.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    }

    #[test]
    fn the_environment_goes_before_the_file_and_leaves_the_rest_as_it_is() {
        let file = "slots = 3\nhttp = \"127.0.0.1:1\"\n[limits]\nwall_time = \"3s\"\nfuel = 5";
        let variables = [
            ("AMPOULE_SLOTS", "1_000"),
            ("AMPOULE_LIMITS__WALL_TIME", "4s"),
            ("AMPOULE_METRICS", "127.0.0.1:9464"),
            ("AMPOULE_DIFY__ALLOW_DEFAULT_KEY", "true"),
            ("AMPOULE_LOG__FORMAT", "json"),
            ("AMPOULE_ALLOWED_HOSTS", "a.example, b.example"),
            ("AMPOULE_CONNECTIONS__ALL", "100"),
            ("AMPOULE_TLS__CERTIFICATE", "c.pem"),
            ("AMPOULE_TLS__KEY", "k.pem"),
            ("HOME", "/root"),
        ];
        let expected = "slots = 1000\nhttp = \"127.0.0.1:1\"\nmetrics = \"127.0.0.1:9464\"\n\
                        allowed_hosts = [\"a.example\", \"b.example\"]\n[connections]\nall = 100\n[limits]\nwall_time = \"4s\"\n\
                        fuel = 5\n[dify]\nallow_default_key = true\n[log]\nformat = \"json\"\n[tls]\ncertificate = \"c.pem\"\n\
                        key = \"k.pem\"";
        assert_eq!(with(file, &variables).unwrap(), Config::parse(expected).unwrap());
    }

    #[test]
    fn mistakes_name_the_variable() {
        let cases = [
            ("AMPOULE_SLOT", "3", "AMPOULE_SLOT is no setting: names are"),
            ("AMPOULE_LIMITS_WALL_TIME", "3s", "AMPOULE_LIMITS_WALL_TIME is no setting"),
            ("AMPOULE_LIMITS", "3s", "AMPOULE_LIMITS is no setting"),
            ("AMPOULE_TENANTS", "a", "AMPOULE_TENANTS is no setting"),
            ("AMPOULE_SLOTS", "many", "AMPOULE_SLOTS is 'many': write a whole number"),
            ("AMPOULE_SLOTS", "-1", "AMPOULE_SLOTS: invalid value: integer `-1`"),
            ("AMPOULE_LIMITS__WALL_TIME", "3", "AMPOULE_LIMITS__WALL_TIME: '3' is no time span"),
            ("AMPOULE_LISTEN", "here", "AMPOULE_LISTEN: invalid socket address"),
            (
                "AMPOULE_DIFY__ALLOW_DEFAULT_KEY",
                "yes",
                "AMPOULE_DIFY__ALLOW_DEFAULT_KEY is 'yes': write true or false",
            ),
        ];
        for (name, value, expected) in cases {
            let error = with("", &[(name, value)]).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn what_is_no_setting_of_ours_is_passed_over() {
        let variables = [
            ("AMPOULE_DIFY_KEY", "key"),
            ("AMPOULE_TEST_IMAGES", "x"),
            ("AMPOULE_SERVICE_HOST", "10.0.0.1"),
            ("AMPOULE_SERVICE_PORT_GRPC", "50051"),
            ("AMPOULE_PORT", "tcp://10.0.0.1:50051"),
            ("AMPOULE_PORT_50051_TCP_ADDR", "10.0.0.1"),
            ("AMPOULE_EU_SERVICE_HOST", "10.0.0.1"),
            ("AMPOULE_HTTP", ""),
        ];
        assert_eq!(with("", &variables).unwrap(), Config::default());
    }

    #[test]
    fn every_setting_of_the_file_but_tenants_has_a_name() {
        let known = Table::try_from(Config::with_everything()).unwrap();
        for key in ["http", "metrics", "tls", "jwt"] {
            assert!(known.contains_key(key), "{key}");
        }
        assert!(!known.contains_key("tenants"));
    }
}
