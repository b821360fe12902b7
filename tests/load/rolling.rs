//! A rolling restart under load: whatever a server has accepted is answered, and rightly.

use crate::process::Server;
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_api::v1::{ExecuteRequest, Language, Source, Status};
use serde_json::Value;
use std::collections::BTreeSet;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::ChildStderr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Request};

const CLIENTS: usize = 8;

/// What one client saw: ids of requests that were answered, and how often it had to send again.
type Seen = (BTreeSet<String>, usize);

/// Whether a request was refused before it ran: by the server, or by the client's own transport, whose word
/// for a request that it had not sent when the connection closed is CANCELLED, or INTERNAL where it just
/// learnt that the server goes away: of those that were sent before, it waits for the answers. A request that
/// did run is in the server's log.
fn refused(status: &tonic::Status) -> bool {
    let by_transport = status.source().is_some_and(|source| source.is::<tonic::transport::Error>());
    let went_away =
        status.code() == Code::Internal && format!("{status:?}").contains("GoAway(b\"\", NO_ERROR, Remote)");
    status.code() == Code::Unavailable || by_transport && (status.code() == Code::Cancelled || went_away)
}

/// Sends requests until it is told to stop, each until it is answered.
async fn load(client: usize, channel: Channel, stop: Arc<AtomicBool>) -> Seen {
    let mut grpc = ExecutionServiceClient::new(channel);
    let (mut answered, mut again) = (BTreeSet::new(), 0);
    for number in 0.. {
        if stop.load(Relaxed) {
            break;
        }
        for attempt in 0.. {
            let id = format!("{client}-{number}-{attempt}");
            let input = format!("{{\"id\":\"{id}\"}}");
            let source = Source { language: Language::Python.into(), code: "e".into(), ..Source::default() };
            let mut request = Request::new(ExecuteRequest {
                source: Some(source),
                input_json: input.clone(),
                ..ExecuteRequest::default()
            });
            request.metadata_mut().insert("x-request-id", id.parse().unwrap());
            match grpc.execute(request).await {
                Ok(answer) => {
                    let answer = answer.into_inner();
                    assert_eq!((answer.status(), answer.result_json), (Status::Completed, input));
                    answered.insert(id);
                    break;
                }
                Err(refusal) => {
                    assert!(refused(&refusal), "{refusal:?}");
                    again += 1;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    }
    (answered, again)
}

/// Reads a server's log to its end: the ids of what it has executed.
fn executed(log: BufReader<ChildStderr>) -> JoinHandle<BTreeSet<String>> {
    let id = |line: String| {
        let line: Value = serde_json::from_str(&line).ok()?;
        (line["status"] == "completed").then(|| line["id"].as_str().unwrap().to_owned())
    };
    std::thread::spawn(move || log.lines().map_while(Result::ok).filter_map(id).collect())
}

fn start(address: &str) -> (Server, JoinHandle<BTreeSet<String>>) {
    let mut server = Server::start_at(address, "drain_delay = \"300ms\"");
    // A pipe that nobody reads would stop the server.
    let log = std::mem::replace(&mut server.log, empty_log());
    (server, executed(log))
}

fn empty_log() -> BufReader<ChildStderr> {
    let mut nothing =
        std::process::Command::new("true").stderr(std::process::Stdio::piped()).spawn().unwrap();
    let log = nothing.stderr.take().unwrap();
    nothing.wait().unwrap();
    BufReader::new(log)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_loses_nothing_that_was_accepted() {
    let _alone = crate::ALONE.lock().await;
    let (first, first_executed) = start("127.0.0.1:0");
    let address = first.address.clone();
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy();
            tokio::spawn(load(client, channel, Arc::clone(&stop)))
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    first.signal("-TERM");
    let (code, _) = tokio::task::spawn_blocking(move || first.end()).await.unwrap();
    assert_eq!(code, Some(0));
    let (second, second_executed) = start(&address);
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.store(true, Relaxed);
    let (mut answered, mut again) = (BTreeSet::new(), 0);
    for client in clients {
        let (ids, times) = client.await.unwrap();
        answered.extend(ids);
        again += times;
    }
    second.signal("-TERM");
    let (code, _) = tokio::task::spawn_blocking(move || second.end()).await.unwrap();
    assert_eq!(code, Some(0));
    let (of_first, of_second) = (first_executed.join().unwrap(), second_executed.join().unwrap());
    println!("{} and {} executed, {again} sent again", of_first.len(), of_second.len());
    assert!(
        of_first.len() > CLIENTS && of_second.len() > CLIENTS && again > 0,
        "there was load all the time"
    );
    let executed: BTreeSet<String> = of_first.union(&of_second).cloned().collect();
    let lost: Vec<&String> = executed.difference(&answered).collect();
    assert!(lost.is_empty(), "executed and never answered: {lost:?}");
    assert_eq!(executed, answered);
}
