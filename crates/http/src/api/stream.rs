//! `POST /v1/execute:stream`: what a program prints while it runs, then its outcome, as events.

use super::events::{EventForm, put_outcome, put_refusal};
use super::execute::asked;
use super::line;
use super::status::Refusal;
use crate::endpoints::Shared;
use crate::{rate_limit, request_id};
use ampoule_api::{Pieces, ResultForm};
use ampoule_connection::Accepted;
use ampoule_model::Invocation;
use ampoule_service::{RequestRecord, Service, Stream, StreamEvent, Tenant, Unexecuted};
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use futures_util::stream;

pub(crate) async fn execute(
    State(shared): State<Shared>,
    Extension(from): Extension<Accepted>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let line = line(&headers);
    let id = line.id().to_owned();
    let (tenant, begun) = begin(&shared, &from, &headers, body, line).await;
    let response = begun.unwrap_or_else(IntoResponse::into_response);
    request_id::put(rate_limit::put_known(response, tenant.as_ref()), &id)
}

/// Answers with the first event, and says who asked. A request that is refused before there is one is refused
/// as any other.
async fn begin(
    shared: &Shared,
    from: &Accepted,
    headers: &HeaderMap,
    body: Body,
    mut line: RequestRecord,
) -> (Option<Tenant>, Result<Response, Refusal>) {
    let asked = asked(shared, from, headers, body, &mut line).await;
    let asked = asked.and_then(|asked| Ok((asked, EventForm::wanted(headers)?)));
    let tenant = line.tenant().cloned();
    match asked {
        Ok((asked, events)) => (tenant, run(shared, asked, events, line).await),
        Err(refusal) => {
            line.finish_refused(refusal.name());
            (tenant, Err(refusal))
        }
    }
}

async fn run(
    shared: &Shared,
    (tenant, asked, form): (Tenant, Invocation, ResultForm),
    events: EventForm,
    mut line: RequestRecord,
) -> Result<Response, Refusal> {
    let mut run = shared.service.stream(line.call(tenant.clone(), None), asked, line);
    let telling = Telling { service: shared.service.clone(), tenant, events, form };
    let first = match run.next().await {
        Some(Ok(first)) => telling.event(Ok(first)),
        Some(Err(unexecuted)) => return Err(Refusal::of_unexecuted(&unexecuted, form)),
        // There is always an end.
        None => return Err(Refusal::internal()),
    };
    let rest = stream::unfold((run, telling), |(mut run, telling)| async move {
        let event = run.next().await?;
        Some((telling.event(event), (run, telling)))
    });
    Ok(events.answer(shared, stream::iter([first]).chain(rest)))
}

struct Telling {
    service: Service,
    tenant: Tenant,
    events: EventForm,
    form: ResultForm,
}

impl Telling {
    fn event(&self, event: Result<StreamEvent, Unexecuted>) -> Pieces {
        match event {
            Ok(StreamEvent::Printed(stream, text)) => {
                let name = match stream {
                    Stream::Stdout => "stdout",
                    Stream::Stderr => "stderr",
                };
                // It counts as its tenant's until it is sent.
                let text = self.service.sending(&self.tenant, text.into());
                self.events.event(name, |json| {
                    json.plain(format!("{{\"{name}\":\"").as_bytes());
                    json.text(text);
                    json.plain(b"\"}");
                })
            }
            Ok(StreamEvent::Ended(execution)) => self.events.event("outcome", |json| {
                json.plain(b"{");
                put_outcome(json, *execution, self.form);
                json.plain(b"}");
            }),
            Err(unexecuted) => self.events.event("error", |json| {
                json.plain(b"{");
                put_refusal(json, "error", &Refusal::of_unexecuted(&unexecuted, self.form));
                json.plain(b"}");
            }),
        }
    }
}
