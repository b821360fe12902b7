//! The calls that clients make, whole: a stream to its end, a batch to its last answer.

use ampoule_api::v1;
use ampoule_api::v1::execute_batch_response::Answer;
use ampoule_api::v1::execute_stream_response::Event;
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{IntoRequest, Status};

pub(crate) type Client = ExecutionServiceClient<Channel>;

/// What a stream told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) stdout: String,
    pub(crate) outcome: v1::ExecuteResponse,
}

/// A streamed execution, read with a pause before each message.
pub(crate) async fn stream(
    client: &mut Client,
    request: impl IntoRequest<v1::ExecuteRequest>,
    pause: Duration,
) -> Result<Told, Status> {
    let mut stream = client.execute_stream(request).await?.into_inner();
    let mut told = Told::default();
    let mut ended = false;
    loop {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let Some(message) = stream.message().await? else {
            break;
        };
        match message.event {
            Some(Event::Stdout(text)) => told.stdout.push_str(&text),
            Some(Event::Stderr(_)) | None => {}
            Some(Event::Outcome(outcome)) => {
                told.outcome = outcome;
                ended = true;
            }
        }
    }
    if ended { Ok(told) } else { Err(Status::data_loss("the stream ended without an outcome")) }
}

/// The outcomes of a batch, in the order of its inputs.
pub(crate) async fn batch(
    client: &mut Client,
    request: v1::ExecuteRequest,
    inputs_json: Vec<String>,
) -> Result<Vec<v1::ExecuteResponse>, Status> {
    let count = inputs_json.len();
    let batch = v1::ExecuteBatchRequest { request: Some(request), inputs_json, parallelism: 0 };
    batch_of(client, batch.into_request(), count).await
}

/// The same for a call that is put together already.
pub(crate) async fn batch_of(
    client: &mut Client,
    batch: tonic::Request<v1::ExecuteBatchRequest>,
    count: usize,
) -> Result<Vec<v1::ExecuteResponse>, Status> {
    let mut stream = client.execute_batch(batch).await?.into_inner();
    let mut outcomes: Vec<Option<v1::ExecuteResponse>> = vec![None; count];
    while let Some(message) = stream.message().await? {
        let index = message.index as usize;
        match (message.answer, outcomes.get_mut(index)) {
            (Some(Answer::Outcome(outcome)), Some(place)) if place.is_none() => *place = Some(outcome),
            (Some(Answer::Refusal(refusal)), _) => {
                return Err(Status::new(tonic::Code::from(refusal.code as i32), refusal.message));
            }
            _ => return Err(Status::data_loss(format!("input {index} was answered twice, or is none"))),
        }
    }
    let answered: Option<Vec<_>> = outcomes.into_iter().collect();
    answered.ok_or_else(|| Status::data_loss("an input of the batch was not answered"))
}
