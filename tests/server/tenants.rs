//! Tenants that change while the server runs: by SIGHUP, and by files that are looked at. On a tiny guest, as
//! in `tests/server/serve.rs`.

use crate::process::{Server, get, line_with};
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_api::v1::{ExecuteRequest, ExecuteResponse, Language, Limits, Source, Status as Ended};
use ampoule_auth::ApiKey;
use std::fmt::Write;
use std::time::{Duration, Instant};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// Far longer than anything takes: whoever waits so long waits for what does not come.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// A key, what is written of it, and what it is called.
pub(crate) struct Key {
    pub(crate) key: String,
    pub(crate) hash: String,
    pub(crate) id: String,
}

pub(crate) fn key() -> Key {
    let key = ApiKey::generate().unwrap();
    let hash = key.hash();
    Key { key: key.reveal().to_owned(), hash: hash.to_string(), id: hash.id() }
}

/// A tenant in a file.
pub(crate) fn tenant(name: &str, keys: &[&Key], more: &str) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("\"{}\"", key.hash)).collect();
    format!("[[tenants]]\nname = \"{name}\"\nkeys = [{}]\n{more}\n", keys.join(", "))
}

#[derive(Clone)]
pub(crate) struct Client(ExecutionServiceClient<Channel>);

impl Client {
    pub(crate) async fn of(server: &Server) -> Client {
        Client(ExecutionServiceClient::connect(format!("http://{}", server.address)).await.unwrap())
    }

    /// Runs a program of the tiny guest.
    pub(crate) async fn execute(
        &self,
        key: &str,
        code: &str,
        limits: Limits,
    ) -> Result<ExecuteResponse, Status> {
        let source = Source { language: Language::Python.into(), code: code.into(), ..Source::default() };
        let asked =
            ExecuteRequest { source: Some(source), limits: Some(limits), ..ExecuteRequest::default() };
        let mut request = Request::new(asked);
        request.metadata_mut().insert("x-api-key", key.parse().unwrap());
        self.0.clone().execute(request).await.map(tonic::Response::into_inner)
    }

    /// Runs one that answers at once; how that was refused.
    pub(crate) async fn echo(&self, key: &str) -> Result<(), Code> {
        self.execute(key, "e", Limits::default()).await.map(drop).map_err(|status| status.code())
    }

    /// Asks again and again until it is answered so.
    pub(crate) async fn until(&self, key: &str, expected: Result<(), Code>) {
        let started = Instant::now();
        loop {
            let found = self.echo(key).await;
            if found == expected {
                return;
            }
            assert!(started.elapsed() < TIMEOUT, "{found:?}, never {expected:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn value(metrics: &str, series: &str) -> Option<f64> {
    let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

async fn until_metric(server: &Server, series: &str, expected: f64) {
    let started = Instant::now();
    let address = server.monitoring.clone().unwrap();
    while value(&get(&address, "/metrics"), series) != Some(expected) {
        assert!(started.elapsed() < TIMEOUT, "{series} is not {expected}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn seconds(seconds: i64) -> Limits {
    let wall_time = Some(ampoule_api::Duration { seconds, nanos: 0 });
    Limits { wall_time, ..Limits::default() }
}

const METRICS: &str = "metrics = \"127.0.0.1:0\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_takes_up_tenants_and_says_what_changed() {
    let (revoked, stays, gone, new) = (key(), key(), key(), key());
    let (acme, other) = (tenant("acme", &[&revoked, &stays], ""), tenant("other", &[&gone], ""));
    let mut server = Server::start(&format!("{METRICS}{acme}{other}"));
    let client = Client::of(&server).await;
    client.until(&new.key, Err(Code::Unauthenticated)).await;
    let running = |key: &Key, limits: Limits| {
        let (client, key) = (client.clone(), key.key.clone());
        tokio::spawn(async move { client.execute(&key, "l", limits).await })
    };
    let (goes_on, ends) = (running(&revoked, seconds(4)), running(&gone, seconds(60)));
    until_metric(&server, "ampoule_slots_running", 2.0).await;
    let changed =
        format!("{METRICS}{}{}", tenant("acme", &[&stays], "weight = 3"), tenant("new", &[&new], ""));
    server.reconfigure(&changed);
    server.signal("-HUP");
    let line = line_with(&mut server.log, "tenants changed");
    let told = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        (told("created"), told("changed"), told("removed")),
        ("new".into(), "acme (weight none -> 3)".into(), "other".into())
    );
    assert_eq!(told("keys_added"), format!("new:{}", new.id));
    assert_eq!(told("keys_revoked"), format!("acme:{}, other:{}", revoked.id, gone.id));
    assert!(!line.to_string().contains(&new.hash[20..]), "no key and no hash: {line}");
    for (key, expected) in [
        (&revoked, Err(Code::Unauthenticated)),
        (&gone, Err(Code::Unauthenticated)),
        (&stays, Ok(())),
        (&new, Ok(())),
    ] {
        assert_eq!(client.echo(&key.key).await, expected);
    }
    // What runs of a tenant that is gone is ended; a revoked key ends nothing that has begun.
    assert_eq!(ends.await.unwrap().unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(goes_on.await.unwrap().unwrap().status(), Ended::TimedOut);
    until_metric(&server, "ampoule_tenants_read_total{result=\"taken\"}", 1.0).await;
    until_metric(&server, "ampoule_tenants", 2.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_tenants_are_watched_and_bad_ones_leave_everything_as_it_was() {
    let (main, fleet, more) = (key(), key(), key());
    let config = format!("{METRICS}tenants_from = \"fleet\"\n{}", tenant("main", &[&main], ""));
    // The folder is made before the server starts.
    let folder = |server: &Server| std::fs::create_dir(server.folder.path().join("fleet")).unwrap();
    let mut server = Server::start(METRICS);
    folder(&server);
    server.write("fleet/one.toml", &tenant("one", &[&fleet], ""));
    server.reconfigure(&config);
    server.restart("-KILL");
    let client = Client::of(&server).await;
    assert_eq!((client.echo(&main.key).await, client.echo(&fleet.key).await), (Ok(()), Ok(())));
    // A file that comes, one that is not as it must be, and one that is mended.
    server.write("fleet/two.toml", &tenant("two", &[&more], ""));
    client.until(&more.key, Ok(())).await;
    assert_eq!(line_with(&mut server.log, "tenants changed")["created"], "two");
    server.write("fleet/one.toml", &tenant("one", &[&fleet], "wieght = 2"));
    let refused = line_with(&mut server.log, "the tenants' new files are of no use, the old tenants stay");
    let why = refused["error"].as_str().unwrap();
    assert!(why.starts_with("fleet/one.toml: ") && why.contains("unknown field `wieght`"), "{why}");
    // Half of what changes is not taken up: neither is this one.
    server.reconfigure(&config.replace(&main.hash, &key().hash));
    let again = line_with(&mut server.log, "the tenants' new files are of no use, the old tenants stay");
    assert_eq!(again["error"], refused["error"]);
    for key in [&main, &fleet, &more] {
        assert_eq!(client.echo(&key.key).await, Ok(()));
    }
    until_metric(&server, "ampoule_tenants_read_total{result=\"refused\"}", 2.0).await;
    server.write("fleet/one.toml", &tenant("one", &[&fleet], "weight = 2"));
    client.until(&main.key, Err(Code::Unauthenticated)).await;
    let line = line_with(&mut server.log, "tenants changed");
    assert_eq!((&line["changed"], &line["by"]), (&"one (weight none -> 2)".into(), &"files".into()));
    std::fs::remove_file(server.folder.path().join("fleet/two.toml")).unwrap();
    client.until(&more.key, Err(Code::Unauthenticated)).await;
    until_metric(&server, "ampoule_tenants_read_total{result=\"refused\"}", 2.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_gone_takes_no_tenant_with_it_and_the_last_one_does_not_open_the_door() {
    let fleet = key();
    let mut server = Server::start("");
    std::fs::create_dir(server.folder.path().join("fleet")).unwrap();
    server.write("fleet/one.toml", &tenant("one", &[&fleet], ""));
    server.reconfigure("tenants_from = \"fleet\"");
    server.restart("-KILL");
    let client = Client::of(&server).await;
    assert_eq!(client.echo(&fleet.key).await, Ok(()));
    let path = server.folder.path().join("fleet");
    std::fs::rename(&path, server.folder.path().join("elsewhere")).unwrap();
    server.signal("-HUP");
    line_with(&mut server.log, "the tenants' new files are of no use, the old tenants stay");
    std::fs::create_dir(&path).unwrap();
    server.signal("-HUP");
    line_with(&mut server.log, "the tenants' new files are of no use, the old tenants stay");
    assert_eq!(client.echo(&fleet.key).await, Ok(()));
    // None is left, as somebody has written: nobody may call then, and not everybody.
    server.write("fleet/none.toml", "");
    client.until(&fleet.key, Err(Code::Unauthenticated)).await;
    assert_eq!(client.echo("amp_any").await, Err(Code::Unauthenticated));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_started_without_tenants_gets_none_until_it_is_started_again() {
    let one = key();
    let mut server = Server::start("");
    server.reconfigure(&tenant("one", &[&one], ""));
    server.signal("-HUP");
    let refused = line_with(&mut server.log, "the tenants' new files are of no use, the old tenants stay");
    assert!(refused["error"].as_str().unwrap().contains("was started without tenants"), "{refused}");
    let client = Client::of(&server).await;
    assert_eq!(client.echo("amp_any").await, Ok(()));
    server.restart("-TERM");
    let client = Client::of(&server).await;
    assert_eq!(client.echo("amp_any").await, Err(Code::Unauthenticated));
    assert_eq!(client.echo(&one.key).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_stays_keeps_what_it_has_used() {
    let (one, of) = (key(), |requests: u32, more: &str| format!("requests_per_minute = {requests}\n{more}"));
    let mut server = Server::start(&tenant("one", &[&one], &of(2, "")));
    let client = Client::of(&server).await;
    assert_eq!((client.echo(&one.key).await, client.echo(&one.key).await), (Ok(()), Ok(())));
    assert_eq!(client.echo(&one.key).await, Err(Code::ResourceExhausted));
    server.reconfigure(&tenant("one", &[&one], &of(2, "weight = 5")));
    server.signal("-HUP");
    assert_eq!(line_with(&mut server.log, "tenants changed")["changed"], "one (weight none -> 5)");
    assert_eq!(client.echo(&one.key).await, Err(Code::ResourceExhausted));
    server.reconfigure(&tenant("one", &[&one], ""));
    server.signal("-HUP");
    line_with(&mut server.log, "tenants changed");
    assert_eq!(client.echo(&one.key).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_settings_are_for_the_next_start_and_are_said_to_be() {
    let one = key();
    let mut server = Server::start(&tenant("one", &[&one], ""));
    server.reconfigure(&format!(
        "slots = 3\n[caps]\nfuel = 2_000_000_000_000\n{}",
        tenant("one", &[&one], "weight = 2")
    ));
    server.signal("-HUP");
    let warned = line_with(&mut server.log, "settings that have changed are for the next start");
    assert_eq!(warned["settings"], "caps, slots");
    assert_eq!(line_with(&mut server.log, "tenants changed")["changed"], "one (weight none -> 2)");
}

/// Thousands of tenants, and the first one's key.
fn many(count: usize, first: &Key, more: &str) -> String {
    let mut text = tenant("first", &[first], more);
    for number in 1..count {
        let _ = write!(
            text,
            "[[tenants]]\nname = \"tenant-{number}\"\nkeys = [\"sha256:{number:064x}\"]\nweight = 2\nslots = 4\nlimits.wall_time = \"5s\"\n"
        );
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_tenants_are_exchanged_while_requests_are_answered() {
    let first = key();
    let begun = Instant::now();
    let mut server = Server::start(&many(5000, &first, ""));
    println!("ready with 5,000 tenants after {:?}", begun.elapsed());
    let client = Client::of(&server).await;
    client.until(&first.key, Ok(())).await;
    let (stop, mut stopped) = tokio::sync::oneshot::channel();
    let (asking, key) = (client.clone(), first.key.clone());
    let asked = tokio::spawn(async move {
        let (mut longest, mut count) = (Duration::ZERO, 0);
        while stopped.try_recv().is_err() {
            let started = Instant::now();
            asking.execute(&key, "e", Limits::default()).await.unwrap();
            longest = longest.max(started.elapsed());
            count += 1;
        }
        (longest, count)
    });
    let started = Instant::now();
    // Every one of them is another one afterwards.
    server.reconfigure(&many(5000, &first, "slots = 7").replace("weight = 2", "weight = 3"));
    server.signal("-HUP");
    let line = line_with(&mut server.log, "tenants changed");
    let took = started.elapsed();
    assert!(
        line["changed"].as_str().unwrap().ends_with("and 4980 more") && line.to_string().len() < 1500,
        "{line}"
    );
    stop.send(()).unwrap();
    let (longest, count) = asked.await.unwrap();
    println!("5,000 tenants were exchanged in {took:?}: {count} requests meanwhile, the longest {longest:?}");
    assert!(count > 3, "{count} requests in {took:?}");
    assert!(longest < took.max(Duration::from_secs(1)), "{longest:?} of {took:?}");
}
