//! `ampoule.v1.ExecutionService`.

use crate::{deadline, request_id, status};
use ampoule_api::v1::execution_service_server::ExecutionService;
use ampoule_api::v1::{ExecuteRequest, ExecuteResponse};
use ampoule_service::{Error, Execution, RequestLine, Service};
use tonic::{Request, Response, Status};

pub(crate) struct Executions {
    pub(crate) service: Service,
}

#[tonic::async_trait]
impl ExecutionService for Executions {
    async fn execute(&self, request: Request<ExecuteRequest>) -> Result<Response<ExecuteResponse>, Status> {
        let time_left = deadline::time_left(request.metadata());
        let mut line = RequestLine::start(request_id::given(request.metadata()));
        let id = line.id().to_owned();
        let executed = match time_left {
            None => self.run(request.into_inner(), &mut line).await,
            Some(time_left) => tokio::time::timeout(time_left, self.run(request.into_inner(), &mut line))
                .await
                .unwrap_or_else(|_| Err(status::deadline_exceeded())),
        };
        match executed {
            Ok(execution) => {
                line.executed(&execution);
                let answer = ampoule_api::execution_to_proto(execution.outcome, &execution.image_digest);
                let mut response = Response::new(answer);
                request_id::put(response.metadata_mut(), &id);
                Ok(response)
            }
            Err(mut refusal) => {
                line.refused(status::name(refusal.code()));
                request_id::put(refusal.metadata_mut(), &id);
                Err(refusal)
            }
        }
    }
}

impl Executions {
    async fn run(&self, request: ExecuteRequest, line: &mut RequestLine) -> Result<Execution, Status> {
        let request =
            ampoule_api::request_from_proto(request).map_err(|error| status::of_invalid_message(&error))?;
        line.understood(&request);
        self.service.execute(request).await.map_err(|error| {
            if let Error::Engine(_) | Error::Panicked = &error {
                tracing::error!(id = line.id(), %error, "a request was given up");
            }
            status::of_error(&error)
        })
    }
}
