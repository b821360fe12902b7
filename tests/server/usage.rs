//! What tenants are told of their quotas, and that those of a day survive the server's end. On a tiny guest,
//! as in `tests/server/serve.rs`.

use crate::process::{Server, line_with, send};
use crate::tenants::{Client, TIMEOUT, key, tenant};
use ampoule_api::v1::usage_service_client::UsageServiceClient;
use ampoule_api::v1::{GetUsageRequest, Limits, QuotaKind, Status as Ended};
use serde_json::Value;
use std::time::{Duration, Instant};
use tonic::{Code, Request};

const JSON: &str = "content-type: application/json\r\n";
const ECHO: &str = "{\"source\": {\"language\": \"LANGUAGE_PYTHON\", \"code\": \"e\"}}";
const HTTP: &str = "http = \"127.0.0.1:0\"\n";

fn web(server: &mut Server) -> String {
    line_with(&mut server.log, "listening for HTTP")["address"].as_str().unwrap().to_owned()
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = answer.split_once("\r\n\r\n").unwrap();
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn body(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_told_its_quotas_what_is_left_and_when_it_is_back() {
    let (limited, free) = (key(), key());
    let quotas = "requests_per_minute = 2\ncpu_per_day = \"2h\"\nfuel_per_day = 1_000_000_000";
    let tenants = tenant("limited", &[&limited], quotas) + &tenant("free", &[&free], "");
    let mut server = Server::start(&format!("{HTTP}{tenants}"));
    let web = web(&mut server);
    let by = |key: &str| format!("{JSON}x-api-key: {key}\r\n");
    let answer = send(&web, "POST", "/v1/execute", &by(&limited.key), ECHO);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let policy = "\"requests-per-minute\";q=2;w=60, \"fuel-per-day\";q=1000000000;w=86400;qu=\"fuel\", \
                  \"cpu-per-day\";q=7200000;w=86400;qu=\"cpu-milliseconds\"";
    assert_eq!(header(&answer, "ratelimit-policy"), Some(policy));
    let left = header(&answer, "ratelimit").unwrap();
    assert!(left.starts_with("\"requests-per-minute\";r=1;t=30, \"fuel-per-day\";r=999"), "{left}");
    send(&web, "POST", "/v1/execute", &by(&limited.key), ECHO);
    let refused = send(&web, "POST", "/v1/execute", &by(&limited.key), ECHO);
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    assert!(header(&refused, "ratelimit").unwrap().starts_with("\"requests-per-minute\";r=0;t="));
    for path in ["/v1/execute:stream", "/v1/sandbox/run", "/v1/execute:batch"] {
        let refused = send(&web, "POST", path, &by(&limited.key), ECHO);
        let is_there = !refused.starts_with("HTTP/1.1 404");
        assert_eq!(header(&refused, "ratelimit").is_some(), is_there, "{path}: {refused}");
    }
    let answer = send(&web, "POST", "/v1/execute", &by(&free.key), ECHO);
    assert_eq!((header(&answer, "ratelimit"), header(&answer, "ratelimit-policy")), (None, None));
    // Asking is no request.
    for _ in 0..5 {
        let usage = body(&send(&web, "GET", "/v1/usage", &by(&limited.key), ""));
        assert_eq!(usage["tenant"], "limited");
        let usage = &usage["usage"];
        assert_eq!(usage["requestsToday"], "2");
        assert!(usage["fuelToday"].as_str().unwrap().parse::<u64>().unwrap() > 0, "{usage}");
        assert!(
            usage["dayStart"].as_str().unwrap().ends_with("T00:00:00+00:00")
                || usage["dayStart"].as_str().unwrap().ends_with("T00:00:00Z"),
            "{usage}"
        );
        assert_eq!(usage["quotas"].as_array().unwrap().len(), 3);
        assert_eq!(usage["quotas"][0]["kind"], "QUOTA_KIND_REQUESTS_PER_MINUTE");
    }
    assert!(send(&web, "GET", "/v1/usage", "", "").starts_with("HTTP/1.1 401"));
    let mut client = UsageServiceClient::connect(format!("http://{}", server.address)).await.unwrap();
    assert_eq!(client.get_usage(GetUsageRequest {}).await.unwrap_err().code(), Code::Unauthenticated);
    let mut asked = Request::new(GetUsageRequest {});
    asked.metadata_mut().insert("x-api-key", limited.key.parse().unwrap());
    let told = client.get_usage(asked).await.unwrap().into_inner();
    let usage = told.usage.unwrap();
    assert_eq!((told.tenant.as_str(), usage.requests_today, usage.running), ("limited", 2, 0));
    let of_fuel = usage.quotas.iter().find(|quota| quota.kind() == QuotaKind::FuelPerDay).unwrap();
    assert_eq!((of_fuel.limit, of_fuel.remaining), (1_000_000_000, 1_000_000_000 - usage.fuel_today));
    assert!(of_fuel.reset_after.unwrap().seconds <= 24 * 60 * 60);
}

/// Uses up a quota of a day, and says what is refused then.
async fn use_up(server: &Server, key: &str) {
    let client = Client::of(server).await;
    let limits = Limits { fuel: 2_000_000, ..Limits::default() };
    assert_eq!(client.execute(key, "l", limits).await.unwrap().status(), Ended::FuelExhausted);
    refuses(server, key).await;
}

async fn refuses(server: &Server, key: &str) {
    let refused = Client::of(server).await.execute(key, "e", Limits::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().starts_with("the tenant's fuel per day of 1000000 is used up"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_today_is_known_after_a_restart() {
    let (one, other) = (key(), key());
    let of = |name, key| tenant(name, &[key], "fuel_per_day = 1_000_000");
    let mut server = Server::start(&format!("{}{}", of("one", &one), of("other", &other)));
    use_up(&server, &one.key).await;
    server.restart("-TERM");
    refuses(&server, &one.key).await;
    assert_eq!(Client::of(&server).await.echo(&other.key).await, Ok(()));
    // A tenant that is gone for a while has not used less for it.
    server.reconfigure(&of("other", &other));
    server.restart("-TERM");
    assert_eq!(Client::of(&server).await.echo(&one.key).await, Err(Code::Unauthenticated));
    server.reconfigure(&of("one", &one));
    server.restart("-TERM");
    refuses(&server, &one.key).await;
    // The day is over, as far as the file says.
    let file = server.folder.path().join("data/ampoule/usage.json");
    server.signal("-TERM");
    server.child.wait().unwrap();
    let mut book: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    book["day"] = (book["day"].as_u64().unwrap() - 1).into();
    std::fs::write(&file, book.to_string()).unwrap();
    server.start_again();
    assert_eq!(Client::of(&server).await.echo(&one.key).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_has_forgotten_some_seconds_at_most() {
    let one = key();
    let mut server = Server::start(&tenant("one", &[&one], "fuel_per_day = 1_000_000"));
    use_up(&server, &one.key).await;
    let file = server.folder.path().join("data/ampoule/usage.json");
    let kept = || {
        let book: Value = serde_json::from_str(&std::fs::read_to_string(&file).ok()?).ok()?;
        book["tenants"]["one"]["fuel"].as_u64()
    };
    let started = Instant::now();
    while kept().is_none_or(|fuel| fuel < 1_000_000) {
        assert!(started.elapsed() < TIMEOUT, "it is never written");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.restart("-KILL");
    refuses(&server, &one.key).await;
    // What is damaged is no reason not to serve.
    std::fs::write(&file, "{").unwrap();
    server.restart("-KILL");
    assert_eq!(Client::of(&server).await.echo(&one.key).await, Ok(()));
    assert_eq!(std::fs::read_to_string(file.with_extension("damaged")).unwrap(), "{");
}
