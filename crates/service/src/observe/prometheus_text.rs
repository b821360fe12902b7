//! The metrics in the older text form of Prometheus (0.0.4), for collectors that do not read OpenMetrics.
//!
//! It differs in three things: a counter's family is named as its samples are, with `_total`; units have no
//! line; nothing marks the end.

/// The content type of [`to_text`].
pub const TEXT_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Turns OpenMetrics into the older form.
pub fn to_text(openmetrics: &str) -> String {
    let counters: Vec<&str> = openmetrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut text = String::with_capacity(openmetrics.len());
    for line in openmetrics.lines() {
        if line == "# EOF" || line.starts_with("# UNIT ") {
            continue;
        }
        let comment = ["# HELP ", "# TYPE "].iter().find_map(|kind| Some((kind, line.strip_prefix(kind)?)));
        match comment.and_then(|(kind, rest)| Some((kind, rest.split_once(' ')?))) {
            Some((kind, (name, rest))) => {
                let suffix = if counters.contains(&name) { "_total" } else { info_suffix(name, openmetrics) };
                let rest = if kind.ends_with("TYPE ") && rest == "info" { "gauge" } else { rest };
                text.extend([*kind, name, suffix, " ", rest]);
            }
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

/// Samples of an info metric end with `_info`.
fn info_suffix(name: &str, openmetrics: &str) -> &'static str {
    let line = format!("# TYPE {name} info");
    if openmetrics.lines().any(|other| other == line) { "_info" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::to_text;

    #[test]
    fn families_are_named_as_their_samples() {
        let openmetrics = "# HELP ampoule_fuel Units.\n# TYPE ampoule_fuel counter\nampoule_fuel_total{tenant=\"a\"} 7\n\
            # HELP ampoule_cpu_seconds Time.\n# TYPE ampoule_cpu_seconds counter\n# UNIT ampoule_cpu_seconds seconds\n\
            ampoule_cpu_seconds_total 0.5\n# HELP ampoule_slots Slots.\n# TYPE ampoule_slots gauge\nampoule_slots 8\n\
            # HELP ampoule_build Version.\n# TYPE ampoule_build info\nampoule_build_info{version=\"1\"} 1\n# EOF\n";
        let expected = "# HELP ampoule_fuel_total Units.\n# TYPE ampoule_fuel_total counter\nampoule_fuel_total{tenant=\"a\"} 7\n\
            # HELP ampoule_cpu_seconds_total Time.\n# TYPE ampoule_cpu_seconds_total counter\nampoule_cpu_seconds_total 0.5\n\
            # HELP ampoule_slots Slots.\n# TYPE ampoule_slots gauge\nampoule_slots 8\n\
            # HELP ampoule_build_info Version.\n# TYPE ampoule_build_info gauge\nampoule_build_info{version=\"1\"} 1\n";
        assert_eq!(to_text(openmetrics), expected);
    }
}
