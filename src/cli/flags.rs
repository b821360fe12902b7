//! What the command line calls the fields of requests.

/// Fields, and the flags that set them. Longer ones go before those that they begin with.
const FLAGS: [(&str, &str); 19] = [
    ("limits.wall_time", "--timeout"),
    ("limits.cpu_time", "--cpu-time"),
    ("limits.memory_bytes", "--memory"),
    ("limits.fuel", "--fuel"),
    ("limits", "--memory"),
    ("input_json", "--input"),
    ("output_files", "--output-file"),
    ("files", "--file"),
    ("environment", "--env"),
    ("env", "--env"),
    ("labels", "--label"),
    ("aliases", "--alias"),
    ("imports", "--import"),
    ("inputs", "--input"),
    ("source.modules", "--module"),
    ("source.image", "--image"),
    ("source.entry", "--entry"),
    ("function.version", "NAME:VERSION"),
    ("function.alias", "--alias"),
];

/// What is wrong with a field, led by the flag that sets it.
pub(crate) fn named(message: &str) -> String {
    let flag = FLAGS
        .iter()
        .find(|(field, _)| message.strip_prefix(field).is_some_and(|rest| rest.starts_with([' ', '[', '.'])));
    flag.map_or_else(|| message.to_owned(), |(_, flag)| format!("{flag}: {message}"))
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_field_is_led_by_its_flag() {
        for (message, expected) in [
            ("limits.wall_time is 70 s", "--timeout: limits.wall_time is 70 s"),
            ("files[0].path is empty", "--file: files[0].path is empty"),
            ("env has a key that is empty", "--env: env has a key that is empty"),
            ("imports[0].function is missing", "--import: imports[0].function is missing"),
            ("settings are missing", "settings are missing"),
            ("input_json['a'] is missing", "--input: input_json['a'] is missing"),
            ("filesystem is full", "filesystem is full"),
            ("source is too large", "source is too large"),
        ] {
            assert_eq!(named(message), expected);
        }
    }
}
