//! Nodes of Dify: its scripts over HTTP on a kept connection, every time with other inputs, beside a process
//! for each, which is how its own sandbox runs them.

use crate::in_process::rounds;
use crate::server::Server;
use crate::stats::{Samples, human};
use crate::{Options, Report, native, programs};
use ampoule_http::dify::{code_script, template_script};
use ampoule_model::Language;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Clients at the same time, and the requests they share.
const CLIENTS: usize = 50;
const REQUESTS: usize = 20_000;

pub(crate) type Http = Client<HttpConnector, Full<Bytes>>;

/// A node: its script for the `number`th time.
struct Node<'a> {
    what: &'a str,
    language: Language,
    script: &'a (dyn Fn(usize) -> String + Sync),
    promise: Duration,
    rounds: usize,
    /// What runs the same script natively.
    native: Option<&'a Path>,
}

pub(crate) async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let server = Server::start(&options.server, &[]).await?;
    let trivial = |language| {
        move |number: usize| {
            code_script(language, programs::trivial(language).0, &json!({ "a": number, "b": 2 }).to_string())
        }
    };
    let template = |number: usize| {
        let input = json!({ "customer": format!("Ada {number}"), "items": ["tea", "cake", "jam"], "vip": number.is_multiple_of(2) });
        template_script(programs::TEMPLATE, &input.to_string())
    };
    let table = |number: usize| {
        code_script(Language::Python, programs::PANDAS_TABLE, &programs::pandas_input_from(number as u32))
    };
    let nodes = [
        Node {
            what: "Dify: trivial Python node over HTTP, one client",
            language: Language::Python,
            script: &trivial(Language::Python),
            promise: Duration::from_micros(1500),
            rounds: rounds(options, 2000),
            native: Some(Path::new("python3")),
        },
        Node {
            what: "Dify: trivial JavaScript node over HTTP, one client",
            language: Language::Javascript,
            script: &trivial(Language::Javascript),
            promise: Duration::from_micros(1500),
            rounds: rounds(options, 2000),
            native: Some(Path::new("node")),
        },
        Node {
            what: "Dify: Jinja2 template over HTTP, one client",
            language: Language::Python,
            script: &template,
            promise: Duration::from_micros(2500),
            rounds: rounds(options, 2000),
            native: None,
        },
        Node {
            what: "Dify: pandas node (seed 001 §2.2) over HTTP, one client",
            language: Language::Python,
            script: &table,
            promise: Duration::from_millis(10),
            rounds: rounds(options, 300),
            native: options.natives.python_with_packages.as_deref(),
        },
    ];
    for node in &nodes {
        one_client(&server, node, options, report).await?;
    }
    many_clients(&server, report).await
}

pub(crate) fn client() -> Http {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

async fn run(
    http: &Http,
    server: &Server,
    language: Language,
    script: &str,
) -> anyhow::Result<(StatusCode, Bytes)> {
    let name = match language {
        Language::Python => "python3",
        Language::Javascript => "nodejs",
    };
    let body = json!({ "language": name, "code": script, "preload": "", "enable_network": true });
    let request = Request::post(format!("http://{}/v1/sandbox/run", server.dify))
        .header("content-type", "application/json")
        .header("x-api-key", ampoule_http::DEFAULT_DIFY_KEY)
        .body(Full::new(Bytes::from(body.to_string())))?;
    let response = http.request(request).await?;
    Ok((response.status(), response.into_body().collect().await?.to_bytes()))
}

/// What Dify reads of an answer.
fn result(answer: (StatusCode, Bytes)) -> anyhow::Result<()> {
    let envelope: Value = serde_json::from_slice(&answer.1)?;
    let data = &envelope["data"];
    let whole = data["stdout"].as_str().is_some_and(|stdout| stdout.matches("<<RESULT>>").count() == 2);
    anyhow::ensure!(
        answer.0 == StatusCode::OK && data["error"] == "" && whole,
        "the node failed: {envelope}"
    );
    Ok(())
}

async fn one_client(
    server: &Server,
    node: &Node<'_>,
    options: &Options,
    report: &mut Report,
) -> anyhow::Result<()> {
    let http = client();
    let warm_up = 50;
    let mut samples = Vec::with_capacity(node.rounds);
    for number in 0..node.rounds + warm_up {
        let script = (node.script)(number);
        let started = Instant::now();
        let answer = run(&http, server, node.language, &script).await?;
        let elapsed = started.elapsed();
        result(answer)?;
        if number >= warm_up {
            samples.push(elapsed);
        }
    }
    let samples = Samples::new(samples);
    let mut reached = format!("p50 {}, p99 {}", human(samples.p50()), human(samples.p99()));
    if let Some(interpreter) = node.native {
        let mut spawns = Vec::new();
        for number in 0..rounds(options, 20) {
            spawns.extend(native::spawn_script(interpreter, &(node.script)(number))?);
        }
        if !spawns.is_empty() {
            let spawned = Samples::new(spawns).p50();
            let ratio = spawned.as_secs_f64() / samples.p50().as_secs_f64();
            reached += &format!("; {ratio:.0}x faster than a process (p50 {})", human(spawned));
        }
    }
    let promise = format!("p50 ≤ {} ms", node.promise.as_secs_f64() * 1e3);
    report.row(node.what, reached, &promise, samples.p50() <= node.promise);
    Ok(())
}

async fn many_clients(server: &Server, report: &mut Report) -> anyhow::Result<()> {
    let http = client();
    let (next, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let started = Instant::now();
    let asking = (0..CLIENTS).map(|_| async {
        let mut samples = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= REQUESTS {
                return samples;
            }
            let language = Language::ALL[number % 2];
            let input = json!({ "a": number, "b": 2 }).to_string();
            let script = code_script(language, programs::trivial(language).0, &input);
            let sent = Instant::now();
            let answer = run(&http, server, language, &script).await;
            samples.push(sent.elapsed());
            if answer.and_then(result).is_err() {
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let samples: Vec<Duration> = futures_util::future::join_all(asking).await.into_iter().flatten().collect();
    let rate = REQUESTS as f64 / started.elapsed().as_secs_f64();
    let (samples, failed) = (Samples::new(samples), failed.load(Ordering::Relaxed));
    report.row(
        "Dify: 50 clients at once, 20,000 nodes in both languages",
        format!("{failed} refused or failed; {rate:.0}/s, p99 {}", human(samples.p99())),
        "none",
        failed == 0,
    );
    Ok(())
}
