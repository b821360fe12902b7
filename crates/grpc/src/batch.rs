//! `ExecuteBatch`: one program, many inputs, a stream of outcomes.

use crate::execution::{invalid, refused, to_proto};
use crate::status;
use ampoule_api::v1::execute_batch_response::Answer;
use ampoule_api::v1::{ExecuteBatchRequest, ExecuteBatchResponse, Refusal};
use ampoule_service::{Batch, BatchItem, BatchRun, Call, RequestRecord, Service};
use futures_util::{Stream, stream};
use std::pin::Pin;
use tonic::Status;

/// Messages of one call. Dropping it stops what is left.
pub(crate) type BatchStream = Pin<Box<dyn Stream<Item = Result<ExecuteBatchResponse, Status>> + Send>>;

/// Begins a batch and streams it.
pub(crate) fn execute(
    service: &Service,
    call: &Call,
    request: ExecuteBatchRequest,
    mut line: RequestRecord,
) -> Result<BatchStream, Status> {
    let run = match begin(service, call, request, &mut line) {
        Ok(run) => run,
        Err(refusal) => {
            line.finish_refused(status::name(refusal.code()));
            return Err(refusal);
        }
    };
    let (run, deadline) = (run.logged(line), call.deadline);
    Ok(Box::pin(stream::unfold(run, move |mut run| async move {
        let ended = run.next(deadline).await?;
        Some((ended.map(message).map_err(|unexecuted| status::of_unexecuted(&unexecuted)), run))
    })))
}

fn begin(
    service: &Service,
    call: &Call,
    request: ExecuteBatchRequest,
    line: &mut RequestRecord,
) -> Result<BatchRun, Status> {
    let ExecuteBatchRequest { request, inputs_json: inputs, parallelism } = request;
    let request = ampoule_api::batch_request_from_proto(request).map_err(|error| invalid(&error, line))?;
    line.set_request(&request);
    let batch = Batch { request, inputs, parallelism: parallelism as usize };
    service.execute_batch(call, batch).map_err(|error| refused(&error, line))
}

fn message((index, answer): BatchItem) -> ExecuteBatchResponse {
    let answer = match answer {
        Ok(execution) => Answer::Outcome(to_proto(execution)),
        Err(error) => {
            let refusal = status::of_error(&error);
            Answer::Refusal(Refusal { code: refusal.code() as u32, message: refusal.message().to_owned() })
        }
    };
    ExecuteBatchResponse { index: index as u32, answer: Some(answer) }
}
