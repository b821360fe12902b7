//! Answers that come event by event: as lines of JSON, or as server-sent events. The JSON is the same in
//! both.

use super::status::Refusal;
use crate::accept;
use crate::endpoints::Shared;
use ampoule_api::{Pieces, PiecesBuilder, ResultForm, put_answer};
use ampoule_service::Execution;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use http_body::{Body, Frame};
use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventForm {
    /// A line of JSON each.
    Lines,
    /// Server-sent events, as web pages read them: a name, and JSON as their data.
    ServerSent,
}

impl EventForm {
    /// The one that the client likes best; lines for who does not say.
    pub(super) fn wanted(headers: &HeaderMap) -> Result<EventForm, Refusal> {
        let form = accept::preferred(headers, |kind| match kind {
            "application/x-ndjson" | "application/ndjson" | "application/*" | "*/*" => Some(EventForm::Lines),
            "text/event-stream" | "text/*" => Some(EventForm::ServerSent),
            _ => None,
        });
        form.map(|form| form.unwrap_or(EventForm::Lines)).map_err(|_| {
            Refusal::not_acceptable(
                "the answer comes in events: send the header Accept: application/x-ndjson, or text/event-stream",
            )
        })
    }

    fn content_type(self) -> &'static str {
        match self {
            EventForm::Lines => "application/x-ndjson",
            EventForm::ServerSent => "text/event-stream",
        }
    }

    /// An event of this name, whose JSON `put` writes on one line.
    pub(super) fn event(self, name: &str, put: impl FnOnce(&mut PiecesBuilder)) -> Pieces {
        let mut event = PiecesBuilder::default();
        if self == EventForm::ServerSent {
            event.plain(format!("event: {name}\ndata: ").as_bytes());
        }
        put(&mut event);
        event.plain(match self {
            EventForm::Lines => b"\n",
            EventForm::ServerSent => b"\n\n",
        });
        event.finish()
    }

    /// An answer whose events are made as they are read, and given up where nobody reads them.
    pub(super) fn answer(
        self,
        shared: &Shared,
        events: impl Stream<Item = Pieces> + Send + 'static,
    ) -> Response {
        let body = shared.reading(Events { events: Box::pin(events), pieces: Pieces::default() });
        let head = [
            (CONTENT_TYPE.as_str(), self.content_type()),
            (CACHE_CONTROL.as_str(), "no-cache"),
            // nginx would hold events back until there are many.
            ("x-accel-buffering", "no"),
        ];
        (head, body).into_response()
    }
}

/// `,"outcome":{…}` or the like, the execution as it is answered everywhere.
pub(super) fn put_outcome(json: &mut PiecesBuilder, execution: Execution, form: ResultForm) {
    let execution = Arc::new(execution);
    json.plain(b"\"outcome\":");
    put_answer(json, &execution, &execution.image_digest, &execution.function_version, form);
}

/// The same of a refusal, under this name.
pub(super) fn put_refusal(json: &mut PiecesBuilder, name: &str, refusal: &Refusal) {
    // Memory does not fail.
    let _ = write!(json, "\"{name}\":{}", refusal.to_json());
}

struct Events<S> {
    events: Pin<Box<S>>,
    /// What is left of the event that is being sent.
    pieces: Pieces,
}

impl<S: Stream<Item = Pieces>> Body for Events<S> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            if let Some(piece) = self.pieces.next_piece() {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            match ready!(self.events.as_mut().poll_next(context)) {
                Some(pieces) => self.pieces = pieces,
                None => return Poll::Ready(None),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::ACCEPT;

    #[test]
    fn a_client_gets_the_form_that_it_likes_best() {
        let wanted = |accept: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(ACCEPT, value.parse().unwrap());
            }
            EventForm::wanted(&headers).ok()
        };
        for lines in [
            &[][..],
            &["*/*"],
            &["application/x-ndjson"],
            &["text/html, */*"],
            &["text/event-stream;q=0.5, application/x-ndjson"],
            &["text/event-stream;q=0", "application/*;q=0.1"],
        ] {
            assert_eq!(wanted(lines), Some(EventForm::Lines), "{lines:?}");
        }
        for events in [
            &["text/event-stream"][..],
            &["Text/Event-Stream; charset=utf-8"],
            &["text/event-stream, */*"],
            &["*/*;q=0.8", "text/event-stream; q=0.9"],
        ] {
            assert_eq!(wanted(events), Some(EventForm::ServerSent), "{events:?}");
        }
        for nothing in [&["application/json"][..], &["text/event-stream;q=0"], &[""], &["*/*;q=x"]] {
            assert_eq!(wanted(nothing), None, "{nothing:?}");
        }
    }
}
