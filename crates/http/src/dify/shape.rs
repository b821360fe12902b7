//! The end that other clients of Dify's sandbox write behind a person's code, recognised by what it does: it
//! decodes the inputs, calls `main` with them, and prints the result's JSON between two tags. Names, blanks,
//! comments, quotes and semicolons may be any. The code execution client of `graphon` writes such an end.
//!
//! As in the end that Dify itself writes (`tail.rs`), only what happens with a promise or a coroutine is
//! changed, and no line moves.

use super::tail;
use ampoule_model::Language;

/// A script with such an end, in parts: together they are the script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shape<'a> {
    /// The person's code, and the end up to the expression that is the inputs' JSON.
    pub(crate) before: &'a str,
    pub(crate) expression: &'a str,
    /// From there to where a promise or a coroutine is waited for, and what is behind it.
    pub(crate) until: &'a str,
    pub(crate) rest: &'a str,
    /// The base64 in the expression.
    pub(crate) inputs: &'a str,
    /// What waits.
    pub(crate) added: String,
}

/// What stands on both sides of the result.
const TAG: &str = "<<RESULT>>";

/// The script's parts; `None` when it does not end so.
pub(crate) fn read(language: Language, script: &str) -> Option<Shape<'_>> {
    let (anchor, comment) = match language {
        Language::Python => ("json.loads", "#"),
        Language::Javascript => ("JSON.parse", "//"),
    };
    // No line of the end but this decodes anything.
    let found = script.rfind(anchor)?;
    let start = script[..found].rfind('\n').map_or(0, |end| end + 1);
    let mut reader = Reader { text: script, at: start, comment };
    match language {
        Language::Python => python(&mut reader),
        Language::Javascript => javascript(&mut reader),
    }
}

fn python<'a>(reader: &mut Reader<'a>) -> Option<Shape<'a>> {
    let inputs = reader.name()?;
    reader.need_all(&["=", "json", ".", "loads", "("])?;
    let start = reader.next();
    if reader.takes("base64") {
        reader.need(".")?;
    }
    reader.need_all(&["b64decode", "("])?;
    let base64 = reader.quoted()?;
    reader.need(")")?;
    let mut end = reader.at;
    if reader.takes(".") {
        reader.need_all(&["decode", "("])?;
        reader.quoted();
        reader.need(")")?;
        end = reader.at;
    }
    reader.need(")")?;
    reader.takes(";");
    let output = reader.name()?;
    reader.need_all(&["=", "main", "(", "**", inputs, ")"])?;
    let called = reader.at;
    reader.takes(";");
    let json = reader.name()?;
    reader.need_all(&["=", "json", ".", "dumps", "(", output])?;
    reader.arguments()?;
    reader.takes(";");
    if reader.takes("print") {
        reader.need("(")?;
        reader.python_tagged(json)?;
    } else {
        let result = reader.name()?;
        reader.need("=")?;
        reader.python_tagged(json)?;
        reader.takes(";");
        reader.need_all(&["print", "(", result])?;
    }
    reader.need(")")?;
    reader.ends(start, end, called, base64, python_waits(output))
}

fn javascript<'a>(reader: &mut Reader<'a>) -> Option<Shape<'a>> {
    reader.declares();
    let inputs = reader.name()?;
    reader.need_all(&["=", "JSON", ".", "parse", "("])?;
    let start = reader.next();
    reader.need_all(&["Buffer", ".", "from", "("])?;
    let base64 = reader.quoted()?;
    reader.need(",")?;
    (reader.quoted()? == "base64").then_some(())?;
    reader.need_all(&[")", ".", "toString", "("])?;
    reader.quoted();
    reader.need(")")?;
    let end = reader.at;
    reader.need(")")?;
    reader.takes(";");
    reader.declares();
    let output = reader.name()?;
    reader.need_all(&["=", "main", "(", inputs, ")"])?;
    reader.takes(";");
    reader.declares();
    let json = reader.name()?;
    reader.need_all(&["=", "JSON", ".", "stringify", "(", output])?;
    let arguments = reader.arguments()?;
    let mut stated = reader.at;
    if reader.takes(";") {
        stated = reader.at;
    }
    if reader.takes("console") {
        reader.need_all(&[".", "log", "("])?;
        reader.javascript_tagged(json)?;
    } else {
        reader.declares();
        let result = reader.name()?;
        reader.need("=")?;
        reader.javascript_tagged(json)?;
        stated = reader.at;
        if reader.takes(";") {
            stated = reader.at;
        }
        reader.need_all(&["console", ".", "log", "(", result])?;
    }
    reader.need(")")?;
    reader.takes(";");
    // The names that what waits has of its own.
    if output == "then" || json == "then" {
        return None;
    }
    reader.ends(start, end, stated, base64, javascript_waits(json, output, arguments))
}

/// Added after the call of `main`. It recognises a coroutine as `tail.rs` does.
pub(crate) fn python_waits(output: &str) -> String {
    format!(
        "; {output} = __import__('asyncio').run({output}) if \
         ().__class__.__class__.__dict__['__name__'].__get__(().__class__.__class__({output})) == 'coroutine' \
         and __import__('inspect').iscoroutine({output}) else {output}"
    )
}

/// Added before the line that prints, which runs as it stands unless there is a promise. It recognises a
/// promise as `tail.rs` does.
pub(crate) fn javascript_waits(json: &str, output: &str, arguments: &str) -> String {
    format!(
        "; if (!({json} === '{{}}' && ((then) => {{ try {{ then.call({output}, (value) => {{ console.log('{TAG}' + \
         JSON.stringify(value{arguments}) + '{TAG}') }}); return true }} catch {{ return false }} }})((async () => {{}})().then)))"
    )
}

/// A traceback that quotes a line to which something was added, as if it had not been; `None` for others.
pub(super) fn added_to(traceback: &str) -> Option<String> {
    const RUN: &str = " = __import__('asyncio').run(";
    const ASKED: &str = "; if (!(";
    const ASKS: &str = "((async () => {})().then)))";
    // Not by `lines`: a program's lines may end otherwise.
    let lines: Vec<&str> = traceback.split('\n').collect();
    let at =
        lines.iter().position(|line| line.contains(RUN) || (line.contains(ASKED) && line.contains(ASKS)))?;
    let line = lines[at];
    let mut behind = &lines[at + 1..];
    let plain = if let Some(found) = line.find(RUN) {
        let name = line[..found].rsplit(' ').next()?;
        let added = python_waits(name);
        let start = line.find(&added)?;
        // The caret line below, if it is below what was added: a coroutine was run.
        if let [carets, further @ ..] = behind
            && carets.trim_matches([' ', '~', '^']).is_empty()
            && carets.find(['~', '^']).is_some_and(|first| first >= start)
        {
            behind = tail::behind_loop(further);
        }
        [&line[..start], &line[start + added.len()..]].concat()
    } else {
        let (start, end) = (line.find(ASKED)?, line.find(ASKS)? + ASKS.len());
        [line.get(..start)?, &line[end..]].concat()
    };
    let tidied: Vec<&str> =
        lines[..at].iter().copied().chain([&*plain]).chain(behind.iter().copied()).collect();
    Some(tidied.join("\n"))
}

/// Reads tokens; blanks and comments between them are passed over.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    comment: &'static str,
}

fn is_name(character: char) -> bool {
    character == '_' || character == '$' || character.is_alphanumeric()
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Where the next token begins.
    fn next(&mut self) -> usize {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let length = if trimmed.starts_with(self.comment) {
                trimmed.find('\n').unwrap_or(trimmed.len())
            } else if self.comment == "//" && trimmed.starts_with("/*") {
                trimmed.find("*/").map_or(0, |end| end + 2)
            } else {
                0
            };
            if length == 0 {
                return self.at;
            }
            self.at += length;
        }
    }

    fn takes(&mut self, token: &str) -> bool {
        let at = self.next();
        let Some(behind) = self.rest().strip_prefix(token) else { return false };
        let is_word = token.ends_with(is_name);
        if is_word && behind.starts_with(is_name) {
            return false;
        }
        self.at = at + token.len();
        true
    }

    fn need(&mut self, token: &str) -> Option<()> {
        self.takes(token).then_some(())
    }

    fn need_all(&mut self, tokens: &[&str]) -> Option<()> {
        tokens.iter().try_for_each(|token| self.need(token))
    }

    fn name(&mut self) -> Option<&'a str> {
        self.next();
        let rest = self.rest();
        let name = &rest[..rest.find(|character| !is_name(character)).unwrap_or(rest.len())];
        self.at += name.len();
        name.starts_with(|first: char| !first.is_numeric()).then_some(name)
    }

    fn declares(&mut self) {
        let _ = self.takes("var") || self.takes("let") || self.takes("const");
    }

    /// A text in single or double quotes, without any in it.
    fn quoted(&mut self) -> Option<&'a str> {
        self.next();
        let rest = self.rest();
        let quote = rest.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
        let length = rest[1..].find(quote)?;
        let text = &rest[1..=length];
        if text.contains(['\\', '\n']) {
            return None;
        }
        self.at += length + 2;
        Some(text)
    }

    /// What else a call of `dumps` or `stringify` is given: plain words and numbers. With it the call ends.
    fn arguments(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let arguments = &rest[..rest.find(')')?];
        self.at += arguments.len() + 1;
        let is_plain = |character: char| character.is_ascii_alphanumeric() || " ,=_".contains(character);
        let is_further = arguments.trim_start().starts_with(',') || arguments.trim().is_empty();
        (is_further && arguments.chars().all(is_plain)).then_some(arguments)
    }

    /// `'<<RESULT>>' + json + '<<RESULT>>'`
    fn joined(&mut self, json: &str) -> Option<()> {
        (self.quoted()? == TAG).then_some(())?;
        self.need_all(&["+", json, "+"])?;
        (self.quoted()? == TAG).then_some(())
    }

    fn python_tagged(&mut self, json: &str) -> Option<()> {
        for quotes in ["'''", "\"\"\"", "'", "\""] {
            if self.takes(&format!("f{quotes}{TAG}{{{json}}}{TAG}{quotes}")) {
                return Some(());
            }
        }
        self.joined(json)
    }

    fn javascript_tagged(&mut self, json: &str) -> Option<()> {
        if self.takes(&format!("`{TAG}${{{json}}}{TAG}`")) {
            return Some(());
        }
        self.joined(json)
    }

    /// The parts, if this is the end.
    fn ends(
        &mut self,
        start: usize,
        end: usize,
        waits: usize,
        base64: &'a str,
        added: String,
    ) -> Option<Shape<'a>> {
        let text = self.text;
        (self.next() == text.len()).then(|| Shape {
            before: &text[..start],
            expression: &text[start..end],
            until: &text[end..waits],
            rest: &text[waits..],
            inputs: base64,
            added,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_together(shape: &Shape<'_>) -> String {
        [shape.before, shape.expression, shape.until, shape.rest].concat()
    }

    /// As graphon 0.8 writes them.
    const GRAPHON: [(Language, &str); 2] = [
        (
            Language::Python,
            "code\n\nimport json\nfrom base64 import b64decode\n\ninputs_obj = json.loads(b64decode('e30=').decode('utf-8'))\n\
             output_obj = main(**inputs_obj)\noutput_json = json.dumps(output_obj, indent=4)\n\
             result = f'''<<RESULT>>{output_json}<<RESULT>>'''\nprint(result)\n",
        ),
        (
            Language::Javascript,
            "code\n\nvar inputs_obj = JSON.parse(\n    Buffer.from('e30=', 'base64').toString('utf-8')\n)\n\
             var output_obj = main(inputs_obj)\nvar output_json = JSON.stringify(output_obj)\n\
             var result = `<<RESULT>>${output_json}<<RESULT>>`\nconsole.log(result)\n",
        ),
    ];

    #[test]
    fn ends_of_any_names_and_blanks_are_recognised() {
        for (language, script) in GRAPHON {
            let variants = [
                script.to_owned(),
                script.replace('\n', "\r\n"),
                script
                    .replace("inputs_obj", "given")
                    .replace("output_obj", "got")
                    .replace("output_json", "text_"),
                script.replace(" = ", "="),
                script.replace("(", "( ").replace("= ", "=   "),
                script.replace('\'', "\"").replace("\"\"\"", "'''"),
                script.trim_end().to_owned(),
                format!("{script}\n\n  "),
            ];
            for variant in variants {
                let shape = read(language, &variant).unwrap_or_else(|| panic!("{variant}"));
                assert_eq!((shape.inputs, &*put_together(&shape)), ("e30=", &*variant));
                assert!(shape.before.starts_with("code"));
            }
        }
    }

    #[test]
    fn other_forms_of_the_same_steps_are_recognised() {
        for script in [
            "x = json.loads(base64.b64decode(\"e30=\"))\ny = main(**x)  # call\nz = json.dumps(y)\nprint(f'<<RESULT>>{z}<<RESULT>>')",
            "x = json.loads(b64decode('e30=').decode())\ny = main(**x)\nz = json.dumps(y, ensure_ascii=False)\nprint('<<RESULT>>' + z + '<<RESULT>>')",
        ] {
            assert!(read(Language::Python, script).is_some(), "{script}");
        }
        for script in [
            "const x = JSON.parse(Buffer.from(\"e30=\", \"base64\").toString());\nconst y = main(x); // call\nconst z = JSON.stringify(y, null, 2);\n\
             console.log(`<<RESULT>>${z}<<RESULT>>`);",
            "let x = JSON.parse(Buffer.from('e30=', 'base64').toString('utf8'))\n/* call */ let y = main(x)\nlet z = JSON.stringify(y)\n\
             console.log('<<RESULT>>' + z + '<<RESULT>>')",
        ] {
            assert!(read(Language::Javascript, script).is_some(), "{script}");
        }
    }

    #[test]
    fn what_does_something_else_is_not_recognised() {
        for (language, script) in GRAPHON {
            for other in [
                script.replace("<<RESULT>>", "<RESULT>"),
                script.replace("main(", "other("),
                script.replace("e30=", "e30\\"),
                format!("{script}more()"),
                format!("text = {script:?}"),
                script.replacen("output_obj", "other", 1),
                script.replace("print(result)", "print(1)").replace("console.log(result)", "console.log(1)"),
                "code".to_owned(),
                String::new(),
            ] {
                assert_eq!(read(language, &other), None, "{other}");
            }
        }
    }

    #[test]
    fn nothing_is_added_that_opens_or_closes_a_text_or_a_comment() {
        for (language, script) in GRAPHON {
            let added = read(language, script).unwrap().added;
            for mark in ["'''", "\"", "`", "/*", "*/", "//", "#", "\\", "\n"] {
                assert!(!added.contains(mark), "{mark}");
            }
            assert_eq!(added.matches('\'').count() % 2, 0);
        }
    }
}
