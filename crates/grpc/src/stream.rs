//! `ExecuteStream`: what a program prints while it runs, then its outcome.

use crate::execution::{invalid, to_proto};
use crate::status;
use ampoule_api::v1::execute_stream_response::Event;
use ampoule_api::v1::{ExecuteRequest, ExecuteStreamResponse};
use ampoule_service::{Call, RequestRecord, Service, Stream as Printed, StreamEvent};
use futures_util::{Stream, stream};
use std::pin::Pin;
use tonic::Status;

/// Messages of one call. Dropping it stops the execution.
pub(crate) type ExecutionStream = Pin<Box<dyn Stream<Item = Result<ExecuteStreamResponse, Status>> + Send>>;

/// Begins an execution and streams it.
pub(crate) fn execute(
    service: &Service,
    call: Call,
    request: ExecuteRequest,
    mut line: RequestRecord,
) -> ExecutionStream {
    let request = match ampoule_api::request_from_proto(request) {
        Ok(request) => request,
        Err(error) => {
            let refusal = invalid(&error, &line);
            line.finish_refused(status::name(refusal.code()));
            return Box::pin(stream::iter([Err(refusal)]));
        }
    };
    line.set_request(&request);
    let run = service.stream(call, request, line);
    Box::pin(stream::unfold(run, |mut run| async move {
        let event = run.next().await?;
        Some((event.map(message).map_err(|unexecuted| status::of_unexecuted(&unexecuted)), run))
    }))
}

fn message(event: StreamEvent) -> ExecuteStreamResponse {
    let event = match event {
        StreamEvent::Printed(Printed::Stdout, text) => Event::Stdout(text),
        StreamEvent::Printed(Printed::Stderr, text) => Event::Stderr(text),
        StreamEvent::Ended(execution) => Event::Outcome(to_proto(*execution)),
    };
    ExecuteStreamResponse { event: Some(event) }
}
