//! How the mix is sent, and what must come back.

use super::hostile::{self, Hostile};
use super::mix::{Drawn, Kind, Who};
use super::raw;
use super::world::World;
use crate::calls::{Client, batch_of, stream};
use crate::{programs, request};
use ampoule_api::v1::{ExecuteBatchRequest, ExecuteRequest, ExecuteResponse, File, Status};
use ampoule_api::{execution_from_proto, request_to_proto};
use ampoule_http::dify::{code_script, template_script};
use ampoule_model::Language;
use hyper::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use tonic::Code;

/// How a call ended that ended as it must.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    pub(crate) executions: usize,
    /// For want of room, where that may be.
    pub(crate) refused: bool,
}

const ONE: Ended = Ended { executions: 1, refused: false };
const NONE: Ended = Ended { executions: 0, refused: false };

type Checked = Result<Ended, String>;

/// Sends one call; an error is an answer that it must not have.
pub(crate) async fn make(world: &World, client: &mut Client, drawn: &Drawn) -> Checked {
    let ended = match drawn.kind {
        Kind::Unary => unary(world, client, drawn).await,
        Kind::Files => files(world, client, drawn).await,
        Kind::LargeInput => large_input(world, client, drawn).await,
        Kind::Raising => raising(world, client, drawn).await,
        Kind::Stream => printing(world, client, drawn, 20, Duration::ZERO).await,
        Kind::SlowStream => printing(world, client, drawn, 400, Duration::from_millis(30)).await,
        Kind::Batch => batch(world, client, drawn).await,
        Kind::Http => over_http(world, drawn).await,
        Kind::Dify => node(world, drawn).await,
        Kind::Template => template(world, drawn).await,
        Kind::Hostile => hostile(world, client, drawn).await,
        Kind::HostileHttp => hostile_http(world, drawn).await,
        Kind::Cancelled => cancelled(world, client, drawn).await,
        Kind::Deadline => deadline(world, client, drawn).await,
        Kind::SlowReader => return raw::slow_reader(world, drawn).await.map(|()| ONE),
        Kind::Left => return raw::leaves(world, drawn).await.map(|()| NONE),
        Kind::HalfBody => return raw::half_body(world, drawn).await.map(|()| NONE),
    };
    // The hostile tenant fills its queue itself.
    let may_be_refused = drawn.who == Who::Hostile;
    match ended {
        Err(Unexpected::Busy(said)) if may_be_refused && said.contains("try again in") => {
            Ok(Ended { executions: 0, refused: true })
        }
        Err(Unexpected::Busy(said)) => Err(format!("refused for want of room: {said}")),
        Err(Unexpected::Other(what)) => Err(what),
        Ok(ended) => Ok(ended),
    }
}

/// What an answer was that is not the expected one.
enum Unexpected {
    /// In the server's words.
    Busy(String),
    Other(String),
}

impl From<String> for Unexpected {
    fn from(what: String) -> Self {
        Unexpected::Other(what)
    }
}

impl From<tonic::Status> for Unexpected {
    fn from(status: tonic::Status) -> Self {
        match status.code() {
            Code::ResourceExhausted => Unexpected::Busy(status.message().to_owned()),
            _ => Unexpected::Other(format!("{:?}: {}", status.code(), status.message())),
        }
    }
}

type Answered = Result<Ended, Unexpected>;

fn expect(good: bool, answer: &impl std::fmt::Debug) -> Answered {
    if good { Ok(ONE) } else { Err(Unexpected::Other(shortened(&format!("{answer:?}")))) }
}

fn shortened(text: &str) -> String {
    text.chars().take(600).collect()
}

/// The smallest program with this call's own input, and the sum that must come back.
fn sum(drawn: &Drawn) -> (ExecuteRequest, u64) {
    let (a, b) = (drawn.number, drawn.dice % 1000);
    let (source, _) = programs::trivial(drawn.language);
    (request_to_proto(request(drawn.language, source, &json!({ "a": a, "b": b }).to_string())), a + b)
}

fn is_sum(answer: &ExecuteResponse, sum: u64) -> bool {
    let result: Value = serde_json::from_str(&answer.result_json).unwrap_or_default();
    answer.status() == Status::Completed && result == json!({ "sum": sum })
}

async fn unary(world: &World, client: &mut Client, drawn: &Drawn) -> Answered {
    let (asked, sum) = sum(drawn);
    let answer = client.execute(world.by(drawn.who, asked)).await?.into_inner();
    expect(is_sum(&answer, sum), &answer)
}

async fn files(world: &World, client: &mut Client, drawn: &Drawn) -> Answered {
    let source = match drawn.language {
        Language::Python => {
            "import os\ndef main():\n    os.makedirs('out', exist_ok=True)\n    \
             open('out/copy', 'wb').write(open('given/file', 'rb').read()[::-1])\n"
        }
        Language::Javascript => {
            "function main() { ampoule.writeFile('out/copy', ampoule.readFile('given/file').toReversed()); return null }"
        }
    };
    let content: Vec<u8> = drawn.dice.to_le_bytes().iter().cycle().take(5000).copied().collect();
    let mut asked = request_to_proto(request(drawn.language, source, "{}"));
    asked.files = vec![File { path: "given/file".into(), content: content.clone() }];
    let answer = client.execute(world.by(drawn.who, asked)).await?.into_inner();
    let reversed: Vec<u8> = content.into_iter().rev().collect();
    let good = matches!(&*answer.files, [file] if file.path == "out/copy" && file.content == reversed);
    expect(good && answer.status() == Status::Completed, &answer)
}

async fn large_input(world: &World, client: &mut Client, drawn: &Drawn) -> Answered {
    let source = match drawn.language {
        Language::Python => "def main(text):\n    return len(text)\n",
        Language::Javascript => "function main({ text }) { return text.length }",
    };
    let length = 100_000 + (drawn.dice % 400_000) as usize;
    let input = json!({ "text": "x".repeat(length) }).to_string();
    let asked = request_to_proto(request(drawn.language, source, &input));
    let answer = client.execute(world.by(drawn.who, asked)).await?.into_inner();
    expect(answer.status() == Status::Completed && answer.result_json == length.to_string(), &answer)
}

async fn raising(world: &World, client: &mut Client, drawn: &Drawn) -> Answered {
    let source = match drawn.language {
        Language::Python => "def main(n):\n    raise ValueError(f'no {n}')\n",
        Language::Javascript => "function main({ n }) { throw new Error(`no ${n}`) }",
    };
    let asked = request_to_proto(request(drawn.language, source, &json!({ "n": drawn.number }).to_string()));
    let answer = client.execute(world.by(drawn.who, asked)).await?.into_inner();
    let message = answer.failure.as_ref().map(|failure| failure.message.as_str());
    let good = message == Some(format!("no {}", drawn.number).as_str());
    expect(good && answer.status() == Status::Raised, &answer)
}

async fn printing(
    world: &World,
    client: &mut Client,
    drawn: &Drawn,
    lines: u64,
    pause: Duration,
) -> Answered {
    let source = match drawn.language {
        Language::Python => {
            "def main(start, lines):\n    for n in range(start, start + lines):\n        print('line', n)\n    return lines\n"
        }
        Language::Javascript => {
            "function main({ start, lines }) { for (let n = start; n < start + lines; n++) console.log('line', n); return lines }"
        }
    };
    let input = json!({ "start": drawn.number, "lines": lines }).to_string();
    let asked = world.by(drawn.who, request_to_proto(request(drawn.language, source, &input)));
    let told = stream(client, asked, pause).await?;
    let expected: String = (drawn.number..drawn.number + lines).map(|n| format!("line {n}\n")).collect();
    let good = told.stdout == expected && told.outcome.result_json == lines.to_string();
    expect(good, &told)
}

async fn batch(world: &World, client: &mut Client, drawn: &Drawn) -> Answered {
    const INPUTS: u64 = 8;
    let (mut asked, _) = sum(drawn);
    asked.input_json.clear();
    let inputs = (0..INPUTS).map(|b| json!({ "a": drawn.number, "b": b }).to_string()).collect();
    let message = ExecuteBatchRequest { request: Some(asked), inputs_json: inputs, parallelism: 0 };
    let answers = batch_of(client, world.by(drawn.who, message), INPUTS as usize).await?;
    let good = answers.iter().zip(0..).all(|(answer, b)| is_sum(answer, drawn.number + b));
    expect(good, &answers).map(|_| Ended { executions: answers.len(), refused: false })
}

async fn over_http(world: &World, drawn: &Drawn) -> Answered {
    let (asked, sum) = sum(drawn);
    let answer = executed(world, drawn.who, &asked).await?;
    expect(is_sum(&answer, sum), &answer)
}

/// The answer of `/v1/execute`, which is an execution or a refusal for want of room.
async fn executed(world: &World, who: Who, asked: &ExecuteRequest) -> Result<ExecuteResponse, Unexpected> {
    let body = serde_json::to_string(asked).map_err(|error| error.to_string())?;
    let (status, body) = world.post(&world.http, "/v1/execute", who, body).await?;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        return Err(Unexpected::Busy(String::from_utf8_lossy(&body).into_owned()));
    }
    let answer: ExecuteResponse = serde_json::from_slice(&body)
        .map_err(|error| format!("{status}: {error}: {}", shortened(&String::from_utf8_lossy(&body))))?;
    execution_from_proto(answer.clone()).map_err(|error| error.to_string())?;
    Ok(answer)
}

async fn node(world: &World, drawn: &Drawn) -> Answered {
    let (_, sum) = sum(drawn);
    let input = json!({ "a": drawn.number, "b": drawn.dice % 1000 }).to_string();
    let script = code_script(drawn.language, programs::trivial(drawn.language).0, &input);
    let result = dify_result(world, drawn.who, drawn.language, &script).await?;
    let value: Value = serde_json::from_str(&result).unwrap_or_default();
    expect(value == json!({ "sum": sum }), &result)
}

async fn template(world: &World, drawn: &Drawn) -> Answered {
    let input = json!({ "customer": format!("Ada {}", drawn.number), "items": ["tea", "cake"], "vip": true });
    let script = template_script(programs::TEMPLATE, &input.to_string());
    let result = dify_result(world, drawn.who, Language::Python, &script).await?;
    let expected = format!("Dear Ada {},\nwelcome back!\n1. TEA\n2. CAKE\nTotal: 2", drawn.number);
    expect(result.trim_end() == expected, &result)
}

/// What stands between the tags.
async fn dify_result(
    world: &World,
    who: Who,
    language: Language,
    script: &str,
) -> Result<String, Unexpected> {
    let name = if language == Language::Python { "python3" } else { "nodejs" };
    let body = json!({ "language": name, "code": script, "preload": "", "enable_network": true }).to_string();
    let (status, body) = world.post(&world.server.dify, "/v1/sandbox/run", who, body).await?;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        return Err(Unexpected::Busy(String::from_utf8_lossy(&body).into_owned()));
    }
    let envelope: Value = serde_json::from_slice(&body).map_err(|error| format!("{status}: {error}"))?;
    let stdout = envelope["data"]["stdout"].as_str().unwrap_or_default();
    let result = stdout.split("<<RESULT>>").nth(1);
    result.map(str::to_owned).ok_or_else(|| shortened(&format!("{status}: {envelope}")).into())
}

fn means_harm(drawn: &Drawn) -> (&'static Hostile, ExecuteRequest) {
    let hostile = &hostile::PROGRAMS[drawn.dice as usize % hostile::PROGRAMS.len()];
    let mut asked = request(hostile.language, hostile.source, "{}");
    if hostile.ends == [Status::TimedOut] {
        // All that it does is to wait for it.
        asked.limits.wall_time = Some(Duration::from_millis(300));
    }
    (hostile, request_to_proto(asked))
}

async fn hostile(world: &World, client: &mut Client, drawn: &Drawn) -> Answered {
    let (hostile, asked) = means_harm(drawn);
    let answer = client.execute(world.by(drawn.who, asked)).await?.into_inner();
    expect(hostile.may_end(answer.status()), &(hostile.source, &answer))
}

async fn hostile_http(world: &World, drawn: &Drawn) -> Answered {
    let (hostile, asked) = means_harm(drawn);
    let answer = executed(world, drawn.who, &asked).await?;
    expect(hostile.may_end(answer.status()), &(hostile.source, &answer))
}

/// Loops until somebody stops it.
pub(crate) fn endless(language: Language) -> ExecuteRequest {
    let source = match language {
        Language::Python => "def main():\n    while True:\n        pass\n",
        Language::Javascript => "function main() { for (;;) {} }",
    };
    request_to_proto(request(language, source, "{}"))
}

/// The client gives up within 12 ms, whatever is under way.
async fn cancelled(world: &World, client: &mut Client, drawn: &Drawn) -> Answered {
    let queue_timeout = Duration::from_micros(drawn.dice % 12_000);
    let call = client.execute(world.by(drawn.who, endless(drawn.language)));
    match tokio::time::timeout(queue_timeout, call).await {
        Err(_) => Ok(NONE),
        Ok(Ok(answer)) => expect(false, &answer),
        Ok(Err(status)) => Err(status.into()),
    }
}

/// The call's own deadline passes; on one side of the connection first, or the other.
async fn deadline(world: &World, client: &mut Client, drawn: &Drawn) -> Answered {
    let mut asked = world.by(drawn.who, endless(drawn.language));
    asked.set_timeout(Duration::from_millis(1 + drawn.dice % 50));
    match client.execute(asked).await {
        Ok(answer) => expect(false, &answer),
        // One that no slot can come in time for is refused at once.
        Err(status) => match status.code() {
            Code::DeadlineExceeded | Code::Cancelled | Code::ResourceExhausted => Ok(NONE),
            _ => Err(status.into()),
        },
    }
}
