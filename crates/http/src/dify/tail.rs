//! `async` main: Dify's end calls `main` and does not wait for what it promises. Here it is waited for.
//!
//! Only the end that Dify wrote is changed, and of it only what happens with a promise or a coroutine. The
//! lines stay where they are, with everything that stands on them where it stands, so that errors name the
//! same places, also those of a script that is none because the person's code left a quote or a bracket open.
//! That no other program changes its meaning is shown by `tests/guests/dify_async.rs`; what makes it so:
//!
//! * JavaScript: a promise is told by being asked for its brand, as the language's own `then` does before all
//!   else. That is asked only of a value whose JSON is `{}`, which is what a promise has, and reads no
//!   property of it. The promise's value is then printed as `main`'s would have been; when it is rejected the
//!   program fails with the reason.
//! * Python: a coroutine is told by the name of its type, read past everything that a class can define, then
//!   by `inspect`. Without this change a coroutine ends in a TypeError of `json.dumps`.

use super::shape;
use super::wrapper::Tail;
use ampoule_model::Language;

/// The end with which a script goes on behind its inputs.
pub(crate) fn waiting(language: Language, tail: &Tail) -> String {
    let (anchor, added) = match language {
        Language::Python => PYTHON,
        Language::Javascript => JAVASCRIPT,
    };
    let (before, after) = tail.after.split_once(anchor).expect("the anchor is a line of the end");
    format!("{before}{anchor}{added}{after}")
}

/// A line, and what follows on it. The next line of Dify's, `console.log(result)`, becomes the body of the
/// `if`.
const JAVASCRIPT: (&str, &str) = (
    "var result = `<<RESULT>>${output_json}<<RESULT>>`",
    concat!(
        "; if (!(output_json === '{}' && ((then) => { try { then.call(output_obj, (value) => {",
        " output_json = JSON.stringify(value);",
        " result = '<<RESULT>>' + output_json + '<<RESULT>>';",
        " console.log(result)",
        " }); return true } catch { return false } })((async () => {})().then)))",
    ),
);

/// A line, and what takes the place of the empty line behind it.
const PYTHON: (&str, &str) = (
    "output_obj = main(**inputs_obj)\n",
    concat!(
        "if ().__class__.__class__.__dict__['__name__'].__get__(().__class__.__class__(output_obj)) == 'coroutine'",
        " and __import__('inspect').iscoroutine(output_obj): output_obj = __import__('asyncio').run(output_obj)",
    ),
);

/// A traceback as if nothing had been added: a line of Dify's that it quotes is shown as Dify wrote it, and
/// where a coroutine was run, the frames of the loop and the line added here give way to the line that called
/// `main`.
pub fn tidied(traceback: &str) -> String {
    if let Some(tidied) = without_loop(traceback) {
        return tidied;
    }
    let traceback = traceback.replace(JAVASCRIPT.1, "");
    shape::added_to(&traceback).unwrap_or(traceback)
}

fn without_loop(traceback: &str) -> Option<String> {
    let (_, added) = PYTHON;
    let lines: Vec<&str> = traceback.lines().collect();
    let at = lines.iter().position(|line| line.trim_start() == added)?;
    let frame = lines[..at].last()?;
    let (place, number) = frame.strip_suffix(IN_MODULE)?.rsplit_once(' ')?;
    let number: u32 = number.parse().ok()?;
    let behind = behind_loop(&lines[at + 1..]);
    let call = PYTHON.0.trim_end();
    let mut tidied: Vec<String> = lines[..at - 1].iter().map(ToString::to_string).collect();
    tidied.push(format!("{place} {}{IN_MODULE}", number.checked_sub(1)?));
    tidied.push(format!("    {call}"));
    tidied.extend(behind.iter().map(ToString::to_string));
    Some(tidied.join("\n") + "\n")
}

/// Of the lines that follow where a coroutine is run: those behind the frames of the loop.
pub(super) fn behind_loop<'a, 'b>(lines: &'a [&'b str]) -> &'a [&'b str] {
    let mut behind = lines;
    let mut in_loop = true;
    while let Some((line, further)) = behind.split_first() {
        match line.strip_prefix("  File ") {
            Some(file) => in_loop = file.contains("/asyncio/"),
            None if !line.starts_with("    ") => in_loop = false,
            None => {}
        }
        if !in_loop {
            break;
        }
        behind = further;
    }
    behind
}

/// How a frame of a script's own level ends.
const IN_MODULE: &str = ", in <module>";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dify::wrapper::tail;

    #[test]
    fn every_line_stays_where_it_is() {
        for language in Language::ALL {
            let tail = tail(language);
            let waiting = waiting(language, tail);
            let lines: Vec<&str> = tail.after.lines().collect();
            let now: Vec<&str> = waiting.lines().collect();
            assert_eq!(lines.len(), now.len());
            let changed: Vec<usize> = (0..lines.len()).filter(|&line| lines[line] != now[line]).collect();
            assert_eq!(changed.len(), 1, "one line is changed");
            assert!(now[changed[0]].starts_with(lines[changed[0]]), "and only behind what stood there");
        }
    }

    /// A person's code can leave something open that ends, or begins, within the end. What is added must not
    /// be where that happens.
    #[test]
    fn nothing_is_added_that_opens_or_closes_a_text_or_a_comment() {
        for (_, added) in [PYTHON, JAVASCRIPT] {
            for mark in ["'''", "\"", "`", "/*", "*/", "//", "#", "\\", "\n"] {
                assert!(!added.contains(mark), "{mark}");
            }
            assert_eq!(added.matches('\'').count() % 2, 0);
        }
    }

    #[test]
    fn tracebacks_of_coroutines_are_those_of_functions() {
        let added = PYTHON.1;
        let traceback = format!(
            "Traceback (most recent call last):\n  File \"main.py\", line 12, in <module>\n    {added}\n        ~~~^^^\n  \
             File \"/usr/lib/python3.13/asyncio/runners.py\", line 195, in run\n    return runner.run(main)\n           ~~^^\n  \
             File \"main.py\", line 2, in main\n    raise ValueError('bad')\nValueError: bad\n"
        );
        let tidied = "Traceback (most recent call last):\n  File \"main.py\", line 11, in <module>\n    \
                      output_obj = main(**inputs_obj)\n  File \"main.py\", line 2, in main\n    raise ValueError('bad')\n\
                      ValueError: bad\n";
        assert_eq!(super::tidied(&traceback), tidied);
        assert_eq!(super::tidied(tidied), tidied);
        let quoted =
            |added: &str| format!("main.js:11\n{}{added}\n   ^\nSyntaxError: expecting ';'", JAVASCRIPT.0);
        assert_eq!(super::tidied(&quoted(JAVASCRIPT.1)), quoted(""));
    }
}
