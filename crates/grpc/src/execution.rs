//! `ampoule.v1.ExecutionService`: one request, one answer; and the way into streams and batches.

use crate::batch::BatchStream;
use crate::stream::ExecutionStream;
use crate::{batch, deadline, request_id, status, stream};
use ampoule_api::InvalidMessage;
use ampoule_api::v1::execution_service_server::ExecutionService;
use ampoule_api::v1::{ExecuteBatchRequest, ExecuteRequest, ExecuteResponse};
use ampoule_service::{Answer, Call, Error, Execution, RequestRecord, Service, TRACE_HEADER, Tenant};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tonic::{Request, Response, Status};

pub(crate) struct Executions {
    pub(crate) service: Service,
}

#[tonic::async_trait]
impl ExecutionService for Executions {
    type ExecuteStreamStream = ExecutionStream;
    type ExecuteBatchStream = BatchStream;

    async fn execute(&self, request: Request<ExecuteRequest>) -> Result<Response<ExecuteResponse>, Status> {
        let (call, mut line, time_left) = begin(&request)?;
        let id = line.id().to_owned();
        let executed = match time_left {
            None => self.run(&call, request.into_inner(), &mut line).await,
            Some(time_left) => {
                tokio::time::timeout(time_left, self.run(&call, request.into_inner(), &mut line))
                    .await
                    .unwrap_or_else(|_| Err(status::deadline_exceeded()))
            }
        };
        match executed {
            Ok(answer) => {
                line.finish_answered(&answer);
                Ok(with_id(answer_in_pieces(&answer), &id))
            }
            Err(mut refusal) => {
                line.finish_refused(status::name(refusal.code()));
                request_id::put(refusal.metadata_mut(), &id);
                Err(refusal)
            }
        }
    }

    async fn execute_stream(
        &self,
        request: Request<ExecuteRequest>,
    ) -> Result<Response<ExecutionStream>, Status> {
        let (call, line, _) = begin(&request)?;
        let id = line.id().to_owned();
        let stream = stream::execute(&self.service, call, request.into_inner(), line);
        Ok(with_id(stream, &id))
    }

    async fn execute_batch(
        &self,
        request: Request<ExecuteBatchRequest>,
    ) -> Result<Response<BatchStream>, Status> {
        let (call, line, _) = begin(&request)?;
        let id = line.id().to_owned();
        let stream = batch::execute(&self.service, &call, request.into_inner(), line)?;
        Ok(with_id(stream, &id))
    }
}

impl Executions {
    async fn run(
        &self,
        call: &Call,
        request: ExecuteRequest,
        line: &mut RequestRecord,
    ) -> Result<Arc<Answer>, Status> {
        let request = ampoule_api::request_from_proto(request).map_err(|error| invalid(&error, line))?;
        line.set_request(&request);
        self.service.answer(call, request).await.map_err(|error| refused(&error, line))
    }
}

/// Who calls, the request's line in the log, and how much time there is.
pub(crate) fn begin<T>(request: &Request<T>) -> Result<(Call, RequestRecord, Option<Duration>), Status> {
    let tenant = request.extensions().get::<Tenant>().cloned();
    let tenant = tenant.ok_or_else(|| Status::internal("nobody looked at who calls"))?;
    let time_left = deadline::time_left(request.metadata());
    let deadline = time_left.and_then(|left| Instant::now().checked_add(left));
    let mut line = RequestRecord::start(request_id::given(request.metadata()));
    line.set_trace_parent(request.metadata().get(TRACE_HEADER).and_then(|parent| parent.to_str().ok()));
    let call = line.call(tenant, deadline);
    Ok((call, line, time_left))
}

/// An answer whose message is made as it is read: `unread.rs` finds it beside the one of tonic, which is
/// empty.
fn answer_in_pieces(answer: &Arc<Answer>) -> Response<ExecuteResponse> {
    let Execution { image_digest, function_version, .. } = answer.execution();
    let pieces = ampoule_api::answer_to_grpc(answer, image_digest, function_version);
    let mut response = Response::new(ExecuteResponse::default());
    response.extensions_mut().insert(pieces);
    response
}

/// An execution as it is answered.
pub(crate) fn to_proto(execution: Execution) -> ExecuteResponse {
    let Execution { outcome, image_digest, function_version, .. } = execution;
    ampoule_api::execution_to_proto(outcome, &image_digest, &function_version)
}

/// The status of a request that was not executed. A fault of ours is logged with all we know.
pub(crate) fn refusal(error: &Error, id: &str) -> Status {
    error.log(id);
    status::of_error(error)
}

/// The same, told in the request's line.
pub(crate) fn refused(error: &Error, line: &RequestRecord) -> Status {
    line.set_error(error);
    refusal(error, line.id())
}

/// The status of a message that has no meaning, told likewise.
pub(crate) fn invalid(error: &InvalidMessage, line: &RequestRecord) -> Status {
    line.set_invalid_field(&error.field);
    status::of_invalid_message(error)
}

pub(crate) fn with_id<T>(answer: impl Into<Response<T>>, id: &str) -> Response<T> {
    let mut response = answer.into();
    request_id::put(response.metadata_mut(), id);
    response
}
