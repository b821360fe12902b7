//! A server that is killed at any moment, again and again, has lost no function that it acknowledged, and
//! none is half there.

use crate::tiny;
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_api::v1::function_service_client::FunctionServiceClient;
use ampoule_api::v1::{
    DeleteFunctionRequest, ExecuteRequest, FunctionReference, GetFunctionRequest, Language,
    ListFunctionsRequest, PutFunctionRequest, Source, Status,
};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tonic::transport::Channel;

/// How often the server is killed.
const ROUNDS: u64 = 20;

struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(folder: &TempDir) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ampoule"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("AMPOULE_IMAGES", folder.path().join("images"))
            .env("AMPOULE_RUNTIMES", folder.path())
            .env("XDG_DATA_HOME", folder.path().join("data"))
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "the server ended");
            if line.contains("listening")
                && let Some((_, address)) = line.split_once("127.0.0.1:")
            {
                break address.chars().take_while(char::is_ascii_digit).collect::<String>();
            }
        };
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Server { child, url: format!("http://127.0.0.1:{address}") }
    }

    async fn channel(&self) -> Channel {
        Channel::from_shared(self.url.clone()).unwrap().connect().await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn put(name: &str, number: u64) -> PutFunctionRequest {
    PutFunctionRequest {
        name: name.into(),
        // The tiny guest looks at the first letter: `e` answers with its input.
        source: Some(Source {
            language: Language::Python.into(),
            code: format!("e {number}"),
            ..Source::default()
        }),
        ..PutFunctionRequest::default()
    }
}

fn named(name: &str, version: &str) -> Option<FunctionReference> {
    Some(FunctionReference { name: name.into(), version: version.into(), alias: String::new() })
}

/// What a client knows of a function: the versions whose put was acknowledged, and whether a change is in
/// doubt.
#[derive(Default)]
struct Known {
    versions: Vec<String>,
    in_doubt: bool,
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_nothing_that_was_acknowledged() {
    let _alone = crate::ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    tiny::write_images(&folder.path().join("images"));
    let mut known: HashMap<String, Known> = HashMap::new();
    let (mut number, mut acknowledged) = (0, 0);
    for round in 0..ROUNDS {
        let mut server = Server::start(&folder);
        let channel = server.channel().await;
        let mut functions = FunctionServiceClient::new(channel.clone());
        check(&mut functions, &mut ExecutionServiceClient::new(channel), &mut known).await;
        // Moments that differ from round to round.
        let moment = Duration::from_millis(3 + round * 97 % 500);
        let killing = tokio::spawn(async move {
            tokio::time::sleep(moment).await;
            server.child.kill().unwrap();
            server.child.wait().unwrap();
        });
        loop {
            number += 1;
            let name = format!("f{}", number % 5);
            let of = known.entry(name.clone()).or_default();
            // Now and then one is deleted: what was acknowledged as deleted does not come back.
            if number % 13 == 0 {
                of.in_doubt = true;
                let request = DeleteFunctionRequest { function: named(&name, "") };
                match functions.delete_function(request).await {
                    Ok(_) => *of = Known::default(),
                    Err(status) if status.code() == tonic::Code::NotFound => *of = Known::default(),
                    Err(_) => break,
                }
                continue;
            }
            match functions.put_function(put(&name, number)).await {
                Ok(answer) => {
                    of.versions.push(answer.into_inner().function.unwrap().version);
                    acknowledged += 1;
                }
                Err(_) => break,
            }
        }
        killing.await.unwrap();
    }
    assert!(acknowledged > ROUNDS, "{acknowledged} puts were acknowledged in {ROUNDS} rounds");
}

/// Everything that is there is whole and can be called; and everything that was acknowledged is there.
async fn check(
    functions: &mut FunctionServiceClient<Channel>,
    executions: &mut ExecutionServiceClient<Channel>,
    known: &mut HashMap<String, Known>,
) {
    let listed =
        functions.list_functions(ListFunctionsRequest::default()).await.unwrap().into_inner().functions;
    for function in &listed {
        assert!(function.versions.contains(&function.aliases["latest"]));
        for version in &function.versions {
            let request = GetFunctionRequest { function: named(&function.name, version) };
            functions.get_function(request).await.unwrap();
        }
        let call = ExecuteRequest {
            function: named(&function.name, ""),
            input_json: "{\"a\":1}".into(),
            ..ExecuteRequest::default()
        };
        let answer = executions.execute(call).await.unwrap().into_inner();
        assert_eq!((answer.status(), answer.result_json.as_str()), (Status::Completed, "{\"a\":1}"));
    }
    for (name, of) in known.iter_mut() {
        let there = listed
            .iter()
            .find(|function| function.name == *name)
            .map_or(&[][..], |function| &function.versions);
        if of.in_doubt {
            // A deletion without an answer has happened or not, and nothing in between.
            let all = of.versions.iter().all(|version| there.contains(version));
            assert!(all || there.is_empty(), "{name} is half deleted: {there:?} of {:?}", of.versions);
            *of = Known { versions: there.to_vec(), in_doubt: false };
        }
        for version in &of.versions {
            assert!(there.contains(version), "{name} has lost {version}");
        }
        // What was in doubt when the server was killed may be there, too; from now on it has to stay.
        of.versions = there.to_vec();
    }
}
