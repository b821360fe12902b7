//! `POST /v1/execute:batch`: one program, many inputs, an event for each as it ends, and one at the end.

use super::events::{EventForm, put_outcome, put_refusal};
use super::status::Refusal;
use super::{is_json, line};
use crate::endpoints::Shared;
use crate::{auth, rate_limit, request_id};
use ampoule_api::v1::ExecuteBatchRequest;
use ampoule_api::{Pieces, ResultForm, WithInput};
use ampoule_connection::Accepted;
use ampoule_service::{Batch, BatchItem, BatchRun, RequestRecord};
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use std::io::Write;

pub(crate) async fn execute(
    State(shared): State<Shared>,
    Extension(from): Extension<Accepted>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut line = line(&headers);
    let id = line.id().to_owned();
    let begun = begin(&shared, &from, &headers, body, &mut line).await;
    let tenant = line.tenant().cloned();
    let response = match begun {
        Ok((run, events, form)) => {
            let telling = Some((run.logged(line), Telling { events, form }));
            let answers = stream::unfold(telling, |telling| async move {
                let (mut run, telling) = telling?;
                match run.next(None).await {
                    Some(Ok(item)) => Some((telling.item(item), Some((run, telling)))),
                    Some(Err(unexecuted)) => {
                        let refusal = Refusal::of_unexecuted(&unexecuted, telling.form);
                        Some((telling.error(&refusal), None))
                    }
                    None => Some((telling.end(run.counts()), None)),
                }
            });
            events.answer(&shared, answers)
        }
        Err(refusal) => {
            line.finish_refused(refusal.name());
            refusal.into_response()
        }
    };
    request_id::put(rate_limit::put_known(response, tenant.as_ref()), &id)
}

async fn begin(
    shared: &Shared,
    from: &Accepted,
    headers: &HeaderMap,
    body: Body,
    line: &mut RequestRecord,
) -> Result<(BatchRun, EventForm, ResultForm), Refusal> {
    let tenant = auth::of(&shared.auth, headers, from).await.map_err(Refusal::denied)?;
    line.set_tenant(&tenant);
    is_json(headers)?;
    let events = EventForm::wanted(headers)?;
    let received = shared.take_in(&tenant, body).await?;
    let WithInput { message, form } = received.parse_with_input::<ExecuteBatchRequest>().await?;
    let ExecuteBatchRequest { request, inputs_json: inputs, parallelism } = message;
    let request = ampoule_api::batch_request_from_proto(request).map_err(|error| {
        line.set_invalid_field(&error.field);
        Refusal::invalid(&error)
    })?;
    line.set_request(&request);
    let batch = Batch { request, inputs, parallelism: parallelism as usize };
    let call = line.call(tenant, None);
    let run = shared.service.execute_batch(&call, batch).map_err(|error| {
        line.set_error(&error);
        error.log(line.id());
        Refusal::of_error_in(&error, form)
    })?;
    Ok((run, events, form))
}

struct Telling {
    events: EventForm,
    form: ResultForm,
}

impl Telling {
    fn item(&self, (index, answer): BatchItem) -> Pieces {
        let name = if answer.is_ok() { "outcome" } else { "refusal" };
        self.events.event(name, |json| {
            // Memory does not fail.
            let _ = write!(json, "{{\"index\":{index},");
            match answer {
                Ok(execution) => put_outcome(json, execution, self.form),
                Err(error) => put_refusal(json, name, &Refusal::of_error_in(&error, self.form)),
            }
            json.plain(b"}");
        })
    }

    fn error(&self, refusal: &Refusal) -> Pieces {
        self.events.event("error", |json| {
            json.plain(b"{");
            put_refusal(json, "error", refusal);
            json.plain(b"}");
        })
    }

    /// Tells a batch that has ended from one that was cut off.
    fn end(&self, (executed, refused): (usize, usize)) -> Pieces {
        self.events.event("end", |json| {
            let _ = write!(json, "{{\"end\":{{\"executed\":{executed},\"refused\":{refused}}}}}");
        })
    }
}
