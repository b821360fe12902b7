//! Which of the forms that an answer can have a client likes best.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// The best liked of the forms that `form_of` knows a media range by; of those that are liked as well as each
/// other the first. `Err`: the client names none of them. `Ok(None)`: it names nothing at all.
pub(crate) fn preferred<T>(
    headers: &HeaderMap,
    form_of: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, NotThere> {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut ranges = accepted.flat_map(|value| value.split(',')).peekable();
    if ranges.peek().is_none() {
        return Ok(None);
    }
    let mut best: Option<(f32, T)> = None;
    for range in ranges {
        let (kind, parameters) = range.split_once(';').unwrap_or((range, ""));
        let Some(form) = form_of(&kind.trim().to_ascii_lowercase()) else { continue };
        let quality = quality(parameters);
        if quality > best.as_ref().map_or(0.0, |(best, _)| *best) {
            best = Some((quality, form));
        }
    }
    best.map(|(_, form)| Some(form)).ok_or(NotThere)
}

/// There is no form that the client takes.
#[derive(Debug)]
pub(crate) struct NotThere;

fn quality(parameters: &str) -> f32 {
    let value = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("q="));
    value.map_or(1.0, |value| value.trim().parse().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_liked_best_wins_and_the_first_of_those_that_are_liked_as_well() {
        let of = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            let form = preferred(&headers, |kind| match kind {
                "application/openmetrics-text" | "*/*" => Some("new"),
                "text/plain" => Some("old"),
                _ => None,
            });
            form.ok().flatten()
        };
        assert_eq!(of("application/openmetrics-text;q=0.1,text/plain;version=0.0.4;q=0.9"), Some("old"));
        assert_eq!(
            of("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.4,*/*;q=0.1"),
            Some("new")
        );
        assert_eq!(of("text/plain, */*"), Some("old"));
        assert_eq!(of("text/html"), None);
        assert!(matches!(preferred(&HeaderMap::new(), |_| Some(())), Ok(None)));
    }
}
