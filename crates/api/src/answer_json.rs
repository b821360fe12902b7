//! An `ExecuteResponse` in JSON, as HTTP and the command line tell it: all of its fields are there, also
//! those that are empty, and its large texts and files are those of the outcome itself, shared and not
//! copied.

use crate::pieces::{COPIED, Pieces, PiecesBuilder, part_of};
use crate::times::duration_to_json;
use crate::to_proto::status;
use ampoule_model::{Outcome, Usage};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// The form of a result in an answer. The result is sent in one form only, because it can be large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResultForm {
    /// As the JSON that it is, in `result`; null if there is none.
    #[default]
    Value,
    /// As JSON text, in proto's `resultJson`; empty if there is none.
    Text,
}

/// Picks bytes out of an outcome.
type Pick = fn(&Outcome) -> &[u8];

/// The answer in JSON, on one line.
pub fn answer_to_json<T>(
    answer: &Arc<T>,
    image_digest: &str,
    function_version: &str,
    form: ResultForm,
) -> Pieces
where
    T: AsRef<Outcome> + Send + Sync + 'static,
{
    let mut json = PiecesBuilder::default();
    put_answer(&mut json, answer, image_digest, function_version, form);
    json.finish()
}

/// The same behind what is in `json` already.
pub fn put_answer<T>(
    json: &mut PiecesBuilder,
    answer: &Arc<T>,
    image_digest: &str,
    function_version: &str,
    form: ResultForm,
) where
    T: AsRef<Outcome> + Send + Sync + 'static,
{
    let outcome = (**answer).as_ref();
    let mut told = Telling { json, answer };
    told.plain("{\"status\":\"");
    told.plain(status(outcome.status).as_str_name());
    told.plain("\",");
    match form {
        ResultForm::Text => told.text("\"resultJson\":\"", |outcome| outcome.result_json.as_bytes()),
        ResultForm::Value => told.result(outcome),
    }
    told.text(",\"stdout\":\"", |outcome| outcome.stdout.as_bytes());
    told.text(",\"stderr\":\"", |outcome| outcome.stderr.as_bytes());
    told.plain(if outcome.stdout_truncated {
        ",\"stdoutTruncated\":true"
    } else {
        ",\"stdoutTruncated\":false"
    });
    told.plain(if outcome.stderr_truncated {
        ",\"stderrTruncated\":true"
    } else {
        ",\"stderrTruncated\":false"
    });
    told.failure(outcome);
    told.files(outcome);
    told.usage(&outcome.usage);
    told.plain(",\"imageDigest\":\"");
    told.plain(image_digest);
    told.plain("\",\"functionVersion\":\"");
    told.plain(function_version);
    told.plain("\"}");
}

struct Telling<'a, T> {
    json: &'a mut PiecesBuilder,
    answer: &'a Arc<T>,
}

impl<T> Telling<'_, T>
where
    T: AsRef<Outcome> + Send + Sync + 'static,
{
    fn plain(&mut self, text: &str) {
        self.json.plain(text.as_bytes());
    }

    /// A text behind its opening, and its quote.
    fn text(&mut self, opening: &str, pick: Pick) {
        self.plain(opening);
        let text = pick((**self.answer).as_ref());
        if text.len() <= COPIED {
            self.json.escaped(text);
        } else {
            self.json.text(part_of(self.answer, move |answer| pick(answer.as_ref())));
        }
        self.plain("\"");
    }

    /// The engine has looked whether it is JSON.
    fn result(&mut self, outcome: &Outcome) {
        self.plain("\"result\":");
        match outcome.result_json.as_str() {
            "" => self.plain("null"),
            _ => self.json.json(part_of(self.answer, |answer| answer.as_ref().result_json.as_bytes())),
        }
    }

    fn failure(&mut self, outcome: &Outcome) {
        let Some(failure) = &outcome.failure else { return self.plain(",\"failure\":null") };
        fn of(outcome: &Outcome) -> [&[u8]; 3] {
            outcome.failure.as_ref().map_or([&[]; 3], |failure| {
                [failure.kind.as_bytes(), failure.message.as_bytes(), failure.traceback.as_bytes()]
            })
        }
        self.text(",\"failure\":{\"type\":\"", |outcome| of(outcome)[0]);
        self.text(",\"message\":\"", |outcome| of(outcome)[1]);
        self.text(",\"traceback\":\"", |outcome| of(outcome)[2]);
        self.number(",\"line\":", failure.line.into());
        self.number(",\"column\":", failure.column.into());
        self.plain("}");
    }

    fn files(&mut self, outcome: &Outcome) {
        self.plain(",\"files\":[");
        for (index, file) in outcome.files.iter().enumerate() {
            self.plain(if index == 0 { "{\"path\":\"" } else { ",{\"path\":\"" });
            self.json.escaped(file.path.as_bytes());
            self.plain("\",\"content\":\"");
            self.json.base64(part_of(self.answer, move |answer| &answer.as_ref().files[index].content));
            self.plain("\"}");
        }
        self.plain("]");
    }

    /// Numbers of 64 bits are texts, as in proto's own JSON form.
    fn usage(&mut self, usage: &Usage) {
        self.number(",\"usage\":{\"fuel\":\"", usage.fuel);
        self.time("\",\"wallTime\":\"", usage.wall_time);
        self.time("\",\"cpuTime\":\"", usage.cpu_time);
        self.number("\",\"peakMemoryBytes\":\"", usage.peak_memory_bytes);
        self.number("\",\"outputBytes\":\"", usage.output_bytes);
        self.time("\",\"queueTime\":\"", usage.queue_time);
        self.time("\",\"sleepTime\":\"", usage.sleep_time);
        self.time("\",\"waitTime\":\"", usage.wait_time);
        self.plain("\"}");
    }

    fn time(&mut self, opening: &str, time: Duration) {
        self.plain(opening);
        duration_to_json(time, self.json);
    }

    fn number(&mut self, opening: &str, number: u64) {
        self.plain(opening);
        // Memory does not fail.
        let _ = write!(self.json, "{number}");
    }
}
