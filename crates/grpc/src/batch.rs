//! `ExecuteBatch`: one program, many inputs, a stream of outcomes.

use crate::execution::{invalid, refusal, refused, to_proto};
use crate::status;
use ampoule_api::v1::execute_batch_response::Answer;
use ampoule_api::v1::{ExecuteBatchRequest, ExecuteBatchResponse, Refusal};
use ampoule_service::{Batch, BatchRun, Call, Error, Execution, RequestLine, Service};
use futures_util::{Stream, stream};
use std::pin::Pin;
use std::time::Duration;
use tonic::Status;

/// Messages of one call. Dropping it stops what is left.
pub(crate) type BatchStream = Pin<Box<dyn Stream<Item = Result<ExecuteBatchResponse, Status>> + Send>>;

struct Running {
    run: BatchRun,
    /// None: it is written, and all is sent.
    line: Option<RequestLine>,
    /// Items that were executed, and that were not.
    counts: (usize, usize),
}

/// Begins a batch and streams it.
pub(crate) fn execute(
    service: &Service,
    call: &Call,
    time_left: Option<Duration>,
    request: ExecuteBatchRequest,
    mut line: RequestLine,
) -> Result<BatchStream, Status> {
    let run = match begin(service, call, request, &mut line) {
        Ok(run) => run,
        Err(refusal) => {
            line.refused(status::name(refusal.code()));
            return Err(refusal);
        }
    };
    let end = time_left.map(|left| tokio::time::Instant::now() + left);
    let running = Running { run, line: Some(line), counts: (0, 0) };
    Ok(Box::pin(stream::unfold(running, move |mut running| async move {
        let message = running.next(end).await?;
        Some((message, running))
    })))
}

fn begin(
    service: &Service,
    call: &Call,
    request: ExecuteBatchRequest,
    line: &mut RequestLine,
) -> Result<BatchRun, Status> {
    let ExecuteBatchRequest { request, inputs_json: inputs, parallelism } = request;
    let request = request.ok_or_else(|| Status::invalid_argument("request is missing: give a program"))?;
    let request = ampoule_api::request_from_proto(request).map_err(|error| invalid(&error, line))?;
    line.understood(&request);
    let batch = Batch { request, inputs, parallelism: parallelism as usize };
    service.execute_batch(call, batch).map_err(|error| refused(&error, line))
}

impl Running {
    async fn next(
        &mut self,
        end: Option<tokio::time::Instant>,
    ) -> Option<Result<ExecuteBatchResponse, Status>> {
        let line = self.line.as_ref()?;
        let ended = match end {
            None => self.run.next().await,
            Some(end) => match tokio::time::timeout_at(end, self.run.next()).await {
                Ok(ended) => ended,
                Err(_) => {
                    let refusal = status::deadline_exceeded();
                    self.line.take()?.refused(status::name(refusal.code()));
                    return Some(Err(refusal));
                }
            },
        };
        match ended {
            Some((index, answer)) => {
                let message = self::answer(answer, line);
                match message {
                    Answer::Outcome(_) => self.counts.0 += 1,
                    Answer::Refusal(_) => self.counts.1 += 1,
                }
                Some(Ok(ExecuteBatchResponse { index: index as u32, answer: Some(message) }))
            }
            None => {
                self.line.take()?.batch(self.counts.0, self.counts.1);
                None
            }
        }
    }
}

fn answer(answer: Result<Execution, Error>, line: &RequestLine) -> Answer {
    match answer {
        Ok(execution) => {
            line.item_executed(&execution);
            Answer::Outcome(to_proto(execution))
        }
        Err(error) => {
            line.item_refused(&error);
            let refusal = refusal(&error, line.id());
            Answer::Refusal(Refusal { code: refusal.code() as u32, message: refusal.message().to_owned() })
        }
    }
}
