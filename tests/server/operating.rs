//! Operating `ampoule serve`: metrics, health, readiness, drains that a balancer can see coming. On a tiny
//! guest, as in `tests/server/serve.rs`.

use crate::process::{Server, get, http, line_with};
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_api::v1::function_service_client::FunctionServiceClient;
use ampoule_api::v1::{ExecuteBatchRequest, ExecuteRequest, Language, PutFunctionRequest, Source};
use std::time::{Duration, Instant};
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

const JSON: &str = "content-type: application/json\r\n";

fn request(code: &str) -> ExecuteRequest {
    let source = Source { language: Language::Python.into(), code: code.into(), ..Source::default() };
    ExecuteRequest { source: Some(source), ..ExecuteRequest::default() }
}

async fn client(server: &Server) -> ExecutionServiceClient<Channel> {
    ExecutionServiceClient::connect(format!("http://{}", server.address)).await.unwrap()
}

/// The value of a series.
fn value(metrics: &str, series: &str) -> f64 {
    let line = metrics.lines().find(|line| line.rsplit_once(' ').is_some_and(|(name, _)| name == series));
    line.unwrap_or_else(|| panic!("no {series} in:\n{metrics}")).rsplit_once(' ').unwrap().1.parse().unwrap()
}

/// A request is counted when its line is written, which may be after its answer is read.
async fn metrics_when(address: &str, series: &str, expected: f64) -> String {
    let started = Instant::now();
    loop {
        let metrics = get(address, "/metrics");
        if metrics.contains(series) && value(&metrics, series) == expected {
            return metrics;
        }
        assert!(started.elapsed() < Duration::from_secs(5), "{series} is not {expected} in:\n{metrics}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_alike_whichever_way_they_come() {
    let mut server = Server::start(
        "metrics = \"127.0.0.1:0\"\nhttp = \"127.0.0.1:0\"\ndify.listen = \"127.0.0.1:0\"\ndify.key = \"k\"",
    );
    let metrics = server.monitoring.clone().unwrap();
    let web = line_with(&mut server.log, "listening for HTTP")["address"].as_str().unwrap().to_owned();
    let mut grpc = client(&server).await;
    grpc.execute(request("e")).await.unwrap();
    grpc.execute(request("f")).await.unwrap();
    assert!(grpc.execute(ExecuteRequest { input_json: "[".into(), ..request("e") }).await.is_err());
    let mut stream = grpc.execute_stream(request("e")).await.unwrap().into_inner();
    while stream.message().await.unwrap().is_some() {}
    let inputs_json = vec!["{}".into(), "{}".into(), "[".into()];
    let batch = ExecuteBatchRequest { request: Some(request("e")), inputs_json, parallelism: 0 };
    let mut batch = grpc.execute_batch(batch).await.unwrap().into_inner();
    while batch.message().await.unwrap().is_some() {}
    let body = "{\"source\": {\"language\": \"LANGUAGE_PYTHON\", \"code\": \"e secret\"}}";
    assert!(http(&web, "/v1/execute", JSON, body).contains("STATUS_COMPLETED"));
    let script = "{\"language\": \"python3\", \"code\": \"e secret\"}";
    assert!(http(&web, "/v1/sandbox/run", "x-api-key: k\r\n", script).contains("\"code\":0"));
    assert!(http(&web, "/v1/sandbox/run", "x-api-key: x\r\n", script).starts_with("HTTP/1.1 401"));

    let of = "tenant=\"open\",language=\"python\"";
    let completed = format!("ampoule_executions_total{{{of},status=\"completed\"}}");
    let text = metrics_when(&metrics, &completed, 6.0).await;
    assert_eq!(value(&text, &format!("ampoule_executions_total{{{of},status=\"raised\"}}")), 1.0);
    assert_eq!(
        value(&text, "ampoule_refused_total{tenant=\"open\",reason=\"invalid_argument\"}"),
        2.0,
        "a request and an item of a batch"
    );
    assert_eq!(value(&text, "ampoule_refused_total{tenant=\"\",reason=\"unauthenticated\"}"), 1.0);
    for histogram in ["request", "queue", "wall"] {
        assert_eq!(value(&text, &format!("ampoule_{histogram}_seconds_count{{{of}}}")), 7.0);
    }
    assert!(value(&text, &format!("ampoule_fuel_total{{{of}}}")) > 0.0);
    assert!(value(&text, &format!("ampoule_result_bytes_total{{{of}}}")) > 0.0);
    assert_eq!(value(&text, "ampoule_slots_running"), 0.0);
    assert_eq!(value(&text, "ampoule_memory_set_aside_bytes"), 0.0);
    assert_eq!(value(&text, "ampoule_tenant_slots{tenant=\"open\"}"), 0.0);
    assert!(value(&text, "ampoule_slots") > 0.0 && value(&text, "ampoule_memory_budget_bytes") > 0.0);
    assert!(value(&text, "ampoule_program_cache_hits_total") >= 1.0);
    assert!(
        text.contains("ampoule_image_info{name=\"python\",language=\"python\",version=\"0.1\",digest=\"")
    );
    assert!(text.contains("application/openmetrics-text") && text.trim_end().ends_with("# EOF"));
    assert!(!text.contains("secret"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_and_functions_are_told_by_what_has_them() {
    let server = Server::start("metrics = \"127.0.0.1:0\"");
    let monitoring = server.monitoring.clone().unwrap();
    let idle = get(&monitoring, "/metrics");
    let of = |metrics: &str, kind: &str| value(metrics, &format!("ampoule_memory_bytes{{kind=\"{kind}\"}}"));
    assert_eq!((of(&idle, "executions"), of(&idle, "checkpoints")), (0.0, 0.0));
    assert_eq!(of(&idle, "free"), value(&idle, "ampoule_memory_budget_bytes"));
    assert!(value(&idle, "ampoule_resident_memory_bytes") > 1e6);
    assert!(!idle.contains("ampoule_functions{"), "{idle}");

    let mut functions = FunctionServiceClient::connect(format!("http://{}", server.address)).await.unwrap();
    for code in ["e one", "e two"] {
        let put = PutFunctionRequest { name: "f".into(), source: request(code).source, ..Default::default() };
        functions.put_function(put).await.unwrap();
    }
    let counted = metrics_when(&monitoring, "ampoule_function_versions{tenant=\"open\"}", 2.0).await;
    assert_eq!(value(&counted, "ampoule_functions{tenant=\"open\"}"), 1.0);
    assert!(value(&counted, "ampoule_function_stored_bytes{tenant=\"open\"}") > 100.0);
    assert!(of(&counted, "checkpoints") > 0.0);

    let running = client(&server).await.execute_stream(request("l")).await;
    let busy = metrics_when(&monitoring, "ampoule_slots_running", 1.0).await;
    assert!(of(&busy, "executions") > 0.0);
    let shares = ["executions", "waiting", "receiving", "sending", "kept_answers", "free"];
    let all: f64 = shares.iter().map(|kind| of(&busy, kind)).sum();
    assert_eq!(all, value(&busy, "ampoule_memory_budget_bytes"));
    drop(running);
    metrics_when(&monitoring, "ampoule_memory_bytes{kind=\"executions\"}", 0.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_are_told_with_what_was_used_of_them() {
    let config = "metrics = \"127.0.0.1:0\"\n\
        [[tenants]]\nname = \"one\"\nkeys = [\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"]\n\
        [[tenants]]\nname = \"acme\"\nkeys = [\"KEY\"]\nrequests_per_minute = 100\nfuel_per_day = 1_000_000_000_000\n\
        cpu_per_second = \"500ms\"\n";
    let hash = ampoule_auth::KeyHash::of("secret").to_string();
    let server = Server::start(&config.replace("KEY", &hash));
    let monitoring = server.monitoring.clone().unwrap();
    let of = |metrics: &str, what: &str, quota: &str| {
        value(metrics, &format!("ampoule_tenant_quota_{what}{{tenant=\"acme\",quota=\"{quota}\"}}"))
    };
    let before = get(&monitoring, "/metrics");
    assert_eq!(of(&before, "limit", "requests_per_minute"), 100.0);
    assert_eq!(of(&before, "limit", "cpu_per_second"), 5.0, "of ten seconds, in seconds");
    assert_eq!(of(&before, "used", "fuel_per_day"), 0.0);
    assert!(!before.contains("ampoule_tenant_quota_limit{tenant=\"one\""), "{before}");
    let mut asked = tonic::Request::new(request("b"));
    asked.metadata_mut().insert("x-api-key", "secret".parse().unwrap());
    let fuel = client(&server).await.execute(asked).await.unwrap().into_inner().usage.unwrap().fuel;
    let after = get(&monitoring, "/metrics");
    assert_eq!(of(&after, "used", "fuel_per_day"), fuel as f64);
    assert!(of(&after, "used", "requests_per_minute") > 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_that_it_is_not_ready_before_it_refuses() {
    // It leaves for as long as this takes: a second signal ends that.
    let mut server = Server::start("metrics = \"127.0.0.1:0\"\ndrain_delay = \"10m\"");
    let monitoring = server.monitoring.clone().unwrap();
    let channel =
        Channel::from_shared(format!("http://{}", server.address)).unwrap().connect().await.unwrap();
    let mut health = HealthClient::new(channel);
    let mut status = async |service: &str| {
        let asked = HealthCheckRequest { service: service.into() };
        health.check(asked).await.unwrap().into_inner().status()
    };
    assert!(get(&monitoring, "/readyz").starts_with("HTTP/1.1 200"));
    let services = ["", "ampoule.v1.ExecutionService", "ampoule.v1.RuntimeService"];
    for service in services {
        assert_eq!(status(service).await, ServingStatus::Serving, "{service}");
    }
    server.signal("-TERM");
    line_with(&mut server.log, "leaving: not ready, still serving");
    assert!(get(&monitoring, "/readyz").starts_with("HTTP/1.1 503"));
    assert!(get(&monitoring, "/healthz").starts_with("HTTP/1.1 200"));
    for service in services {
        // Told to gRPC's own health service, which tells its watchers one after the other.
        let told = Instant::now();
        while status(service).await != ServingStatus::NotServing {
            assert!(told.elapsed() < Duration::from_secs(30), "{service} is still serving");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    // New connections, too: a balancer may not have heard of it yet.
    client(&server).await.execute(request("e")).await.unwrap();
    assert_eq!(value(&get(&monitoring, "/metrics"), "ampoule_draining"), 0.0);
    drop(health);
    server.signal("-TERM");
    let (code, rest) = server.end();
    assert_eq!(code, Some(0), "{rest}");
    assert!(rest.contains("drained"), "{rest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_which_build_it_is_in_its_metrics_and_first_in_its_log() {
    let mut version = printed_version();
    let server = Server::start("metrics = \"127.0.0.1:0\"");
    let metrics = get(server.monitoring.as_ref().unwrap(), "/metrics");
    let line = metrics.lines().find(|line| line.starts_with("ampoule_build_info{")).unwrap();
    // 0.1.0 (commit 123456789abc, rustc 1.95.0, wasmtime 48.0.8, proto 123456789abc)
    version.retain(|character| !"(),".contains(character));
    let words: Vec<&str> = version.split_whitespace().collect();
    let [_, number, pairs @ ..] = words.as_slice() else { panic!("{version}") };
    assert!(line.contains(&format!("version=\"{number}\"")), "{line}");
    assert_eq!(pairs.len(), 8, "{version}");
    for pair in pairs.chunks(2) {
        assert!(line.contains(&format!("{}=\"{}\"", pair[0], pair[1])), "{pair:?} in {line}");
    }
}

/// What `ampoule --version` prints.
fn printed_version() -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_ampoule")).arg("--version").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
