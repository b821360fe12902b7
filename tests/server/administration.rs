//! The admin API as an operator meets it: tenants and keys made, changed and deleted while the server runs,
//! and there after it was killed. On a tiny guest, as in `tests/server/serve.rs`.

use crate::process::{Server, ampoule, line_with, send};
use crate::tenants::{Client, Key, key, tenant};
use ampoule_api::admin::v1::tenant_service_client::TenantServiceClient;
use ampoule_api::admin::v1::{
    CreateKeyRequest, CreateTenantRequest, DeleteTenantRequest, GetTenantRequest, GetTenantUsageRequest,
    ListTenantsRequest, RevokeKeyRequest, RotateKeyRequest, TenantOrigin, TenantQuotas, TenantSettings,
    UpdateTenantRequest,
};
use ampoule_api::v1::function_service_client::FunctionServiceClient;
use ampoule_api::v1::{Language, Limits, ListFunctionsRequest, PutFunctionRequest, Source};
use serde_json::{Value, json};
use tonic::transport::Channel;
use tonic::{Code, Request};

const ADMIN: &str = "[admin]\nlisten = \"127.0.0.1:0\"\nhttp = \"127.0.0.1:0\"\n";

fn config(admin: &Key, more: &str) -> String {
    format!("{more}\n{ADMIN}keys = [\"{}\"]\n", admin.hash)
}

async fn connect(server: &Server) -> TenantServiceClient<Channel> {
    TenantServiceClient::connect(format!("http://{}", server.admin.as_ref().unwrap())).await.unwrap()
}

fn by<T>(key: &Key, message: T) -> Request<T> {
    with(&key.key, message)
}

fn with<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("x-api-key", key.parse().unwrap());
    request
}

fn create(name: &str) -> CreateTenantRequest {
    CreateTenantRequest { name: name.into(), ..CreateTenantRequest::default() }
}

fn get(name: &str) -> GetTenantRequest {
    GetTenantRequest { name: name.into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_made_used_changed_and_deleted_and_survives_kills() {
    let admin = key();
    let mut server = Server::start(&config(&admin, ""));
    let mut console = connect(&server).await;
    let settings = TenantSettings {
        weight: Some(3),
        limits: Some(Limits { fuel: 1_000_000, ..Limits::default() }),
        ..TenantSettings::default()
    };
    let asked = CreateTenantRequest { settings: Some(settings.clone()), ..create("acme") };
    let made = console.create_tenant(by(&admin, asked)).await.unwrap().into_inner();
    let (made, first) = (made.tenant.unwrap(), made.key.unwrap());
    assert_eq!((made.settings.as_ref(), made.origin()), (Some(&settings), TenantOrigin::Api));
    assert_eq!(made.keys, [first.key.clone().unwrap()]);
    let client = Client::of(&server).await;
    assert_eq!(client.echo(&first.api_key).await, Ok(()));
    let line = line_with(&mut server.log, "tenants changed");
    assert_eq!((&line["created"], &line["by"]), (&"acme".into(), &format!("admin key {}", admin.id).into()));
    assert_eq!(line["keys_added"], format!("acme:{}", made.keys[0].id));
    assert_eq!(
        console.create_tenant(by(&admin, create("acme"))).await.unwrap_err().code(),
        Code::AlreadyExists
    );
    // It was on the disk when it was answered.
    server.restart("-KILL");
    let (mut console, client) = (connect(&server).await, Client::of(&server).await);
    assert_eq!(client.echo(&first.api_key).await, Ok(()));
    let got = console.get_tenant(by(&admin, get("acme"))).await.unwrap().into_inner().tenant.unwrap();
    assert_eq!(got, made);
    // Changed, by what it was.
    let update = |revision: &str| UpdateTenantRequest {
        name: "acme".into(),
        settings: Some(TenantSettings {
            quotas: Some(TenantQuotas { requests_per_minute: Some(1), ..TenantQuotas::default() }),
            ..TenantSettings::default()
        }),
        revision: revision.into(),
    };
    let changed = console.update_tenant(by(&admin, update(&made.revision))).await.unwrap().into_inner();
    let changed = changed.tenant.unwrap();
    assert!(changed.revision != made.revision && changed.keys == made.keys);
    let late = console.update_tenant(by(&admin, update(&made.revision))).await.unwrap_err();
    assert_eq!(late.code(), Code::Aborted, "{late:?}");
    assert_eq!(client.echo(&first.api_key).await, Ok(()));
    assert_eq!(client.echo(&first.api_key).await, Err(Code::ResourceExhausted));
    let asked = GetTenantUsageRequest { name: "acme".into() };
    let usage = console.get_tenant_usage(by(&admin, asked)).await.unwrap().into_inner().usage.unwrap();
    assert!(usage.requests_today >= 2 && usage.fuel_today > 0, "{usage:?}");
    assert_eq!((usage.quotas[0].limit, usage.quotas[0].remaining), (1, 0));
    // Gone, with its key and file.
    let delete = || DeleteTenantRequest { name: "acme".into() };
    console.delete_tenant(by(&admin, delete())).await.unwrap();
    assert_eq!(client.echo(&first.api_key).await, Err(Code::Unauthenticated));
    assert_eq!(console.delete_tenant(by(&admin, delete())).await.unwrap_err().code(), Code::NotFound);
    server.restart("-KILL");
    assert_eq!(Client::of(&server).await.echo(&first.api_key).await, Err(Code::Unauthenticated));
    let listed =
        connect(&server).await.list_tenants(by(&admin, ListTenantsRequest::default())).await.unwrap();
    assert!(listed.into_inner().tenants.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_followed_and_revoked() {
    let admin = key();
    let server = Server::start(&config(&admin, ""));
    let (mut console, client) = (connect(&server).await, Client::of(&server).await);
    let asked = CreateTenantRequest { without_key: true, ..create("acme") };
    assert!(console.create_tenant(by(&admin, asked)).await.unwrap().into_inner().key.is_none());
    let mut make = async |description: &str, seconds: Option<i64>| {
        let valid_for = seconds.map(|seconds| ampoule_api::Duration { seconds, nanos: 0 });
        let asked = CreateKeyRequest { tenant: "acme".into(), description: description.into(), valid_for };
        console.create_key(by(&admin, asked)).await.unwrap().into_inner().key.unwrap()
    };
    let (one, short) = (make("ci", None).await, make("an hour", Some(3600)).await);
    let over = make("over at once", Some(0)).await;
    assert!(short.key.as_ref().unwrap().expire_time.is_some());
    assert_eq!((client.echo(&one.api_key).await, client.echo(&short.api_key).await), (Ok(()), Ok(())));
    let refused = client.execute(&over.api_key, "e", Limits::default()).await.unwrap_err();
    assert!(
        refused.code() == Code::Unauthenticated && refused.message().starts_with("the API key has expired")
    );
    let rotate = |id: &str, seconds| RotateKeyRequest {
        tenant: "acme".into(),
        id: id.into(),
        overlap: Some(ampoule_api::Duration { seconds, nanos: 0 }),
    };
    let id = one.key.as_ref().unwrap().id.clone();
    let turned = console.rotate_key(by(&admin, rotate(&id, 60))).await.unwrap().into_inner();
    let next = turned.key.unwrap();
    assert_eq!(next.key.as_ref().unwrap().description, "ci");
    assert!(turned.old_key.unwrap().expire_time.is_some());
    assert_eq!((client.echo(&one.api_key).await, client.echo(&next.api_key).await), (Ok(()), Ok(())));
    let turned = console.rotate_key(by(&admin, rotate(&id, 0))).await.unwrap().into_inner();
    assert!(turned.old_key.is_none());
    assert_eq!(client.echo(&one.api_key).await, Err(Code::Unauthenticated));
    assert_eq!(console.rotate_key(by(&admin, rotate(&id, 0))).await.unwrap_err().code(), Code::NotFound);
    let revoke = RevokeKeyRequest { tenant: "acme".into(), id: next.key.unwrap().id };
    console.revoke_key(by(&admin, revoke)).await.unwrap();
    assert_eq!(client.echo(&next.api_key).await, Err(Code::Unauthenticated));
    let file = std::fs::read_to_string(server.folder.path().join("data/ampoule/tenants/acme.toml")).unwrap();
    for made in [&one.api_key, &short.api_key, &next.api_key] {
        assert!(!file.contains(made.as_str()), "hashes only");
    }
    // So many and no more.
    let mut last = Ok(());
    for number in 0..40 {
        let asked =
            CreateKeyRequest { tenant: "acme".into(), description: number.to_string(), valid_for: None };
        last = console.create_key(by(&admin, asked)).await.map(drop);
    }
    let full = last.unwrap_err();
    assert!(full.code() == Code::ResourceExhausted && full.message().contains("has 32 keys"), "{full:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_tenant_is_refused_and_what_runs_of_it_ends() {
    let admin = key();
    let server = Server::start(&config(&admin, ""));
    let (mut console, client) = (connect(&server).await, Client::of(&server).await);
    let key =
        console.create_tenant(by(&admin, create("acme"))).await.unwrap().into_inner().key.unwrap().api_key;
    let running = {
        let (client, key) = (client.clone(), key.clone());
        tokio::spawn(async move { client.execute(&key, "s", Limits::default()).await })
    };
    let usage = || GetTenantUsageRequest { name: "acme".into() };
    let mut runs = async || {
        console.get_tenant_usage(by(&admin, usage())).await.unwrap().into_inner().usage.unwrap().running
    };
    while runs().await != 1 {}
    let set = |disabled| UpdateTenantRequest {
        name: "acme".into(),
        settings: Some(TenantSettings { disabled, ..TenantSettings::default() }),
        revision: String::new(),
    };
    console.update_tenant(by(&admin, set(true))).await.unwrap();
    let ended = running.await.unwrap().unwrap_err();
    assert_eq!(ended.message(), "the tenant was disabled by the operator: ask them");
    let refused = client.execute(&key, "e", Limits::default()).await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Code::PermissionDenied, ended.message()));
    console.update_tenant(by(&admin, set(false))).await.unwrap();
    assert_eq!(client.echo(&key).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_go_with_their_tenant_so_that_the_next_of_its_name_finds_none() {
    let admin = key();
    let server = Server::start(&config(&admin, ""));
    let mut console = connect(&server).await;
    let mut functions = FunctionServiceClient::connect(format!("http://{}", server.address)).await.unwrap();
    let mut make = async || {
        console.create_tenant(by(&admin, create("acme"))).await.unwrap().into_inner().key.unwrap().api_key
    };
    let first = make().await;
    let source = Source { language: Language::Python.into(), code: "e".into(), ..Source::default() };
    let put = PutFunctionRequest { name: "f".into(), source: Some(source), ..PutFunctionRequest::default() };
    functions.put_function(with(&first, put)).await.unwrap();
    let delete = DeleteTenantRequest { name: "acme".into() };
    connect(&server).await.delete_tenant(by(&admin, delete)).await.unwrap();
    let second = make().await;
    let listed = functions.list_functions(with(&second, ListFunctionsRequest::default())).await.unwrap();
    assert!(listed.into_inner().functions.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_the_operators_are_shown_and_not_written_and_nobody_else_may_call() {
    let (admin, mine) = (key(), key());
    let server = Server::start(&config(&admin, &tenant("mine", &[&mine], "weight = 2")));
    let mut console = connect(&server).await;
    for (key, expected) in
        [("amp_x", "the API key is not known here"), (&mine.key, "the API key is not known here")]
    {
        let refused = console.list_tenants(with(key, ListTenantsRequest::default())).await.unwrap_err();
        assert!(
            refused.code() == Code::Unauthenticated && refused.message().starts_with(expected),
            "{refused:?}"
        );
    }
    assert_eq!(console.get_tenant(get("mine")).await.unwrap_err().code(), Code::Unauthenticated);
    // Nor does its key open anything else, and its service is not where everybody calls.
    assert_eq!(Client::of(&server).await.echo(&admin.key).await, Err(Code::Unauthenticated));
    let mut elsewhere = TenantServiceClient::connect(format!("http://{}", server.address)).await.unwrap();
    let nothing = elsewhere.list_tenants(by(&admin, ListTenantsRequest::default())).await.unwrap_err();
    assert_eq!(nothing.code(), Code::Unimplemented);
    let before = std::fs::read_to_string(server.folder.path().join("config.toml")).unwrap();
    let shown = console.get_tenant(by(&admin, get("mine"))).await.unwrap().into_inner().tenant.unwrap();
    assert_eq!((shown.origin(), shown.keys[0].id.as_str()), (TenantOrigin::File, mine.id.as_str()));
    let update = UpdateTenantRequest { name: "mine".into(), ..UpdateTenantRequest::default() };
    let refused = console.update_tenant(by(&admin, update)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().contains("is in the configuration file"), "{refused:?}");
    let delete = DeleteTenantRequest { name: "mine".into() };
    assert_eq!(console.delete_tenant(by(&admin, delete)).await.unwrap_err().code(), Code::FailedPrecondition);
    assert_eq!(std::fs::read_to_string(server.folder.path().join("config.toml")).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_named_and_tenants_are_bounded_and_paged() {
    let admin = key();
    let server = Server::start(&format!("{}tenants = 5\n", config(&admin, "")));
    let mut console = connect(&server).await;
    let weightless = TenantSettings { weight: Some(0), ..TenantSettings::default() };
    let endless = Some(ampoule_api::Duration { seconds: -1, nanos: 0 });
    let negative = TenantQuotas { cpu_per_day: endless, ..TenantQuotas::default() };
    let cases = [
        (create(""), "name is ''"),
        (create("../x"), "name is '../x', which is no name"),
        (create(".hidden"), "name is '.hidden'"),
        (CreateTenantRequest { settings: Some(weightless), ..create("a") }, "tenant 'a': weight is 0"),
        (
            CreateTenantRequest {
                settings: Some(TenantSettings { quotas: Some(negative), ..TenantSettings::default() }),
                ..create("a")
            },
            "settings.quotas.cpu_per_day is no duration",
        ),
        (CreateTenantRequest { key_description: "x".repeat(201), ..create("a") }, "description has 201"),
    ];
    for (asked, expected) in cases {
        let refused = console.create_tenant(by(&admin, asked)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
        assert!(refused.message().contains(expected), "{refused:?}");
    }
    for number in 0..5 {
        console.create_tenant(by(&admin, create(&format!("t{number}")))).await.unwrap();
    }
    let full = console.create_tenant(by(&admin, create("t5"))).await.unwrap_err();
    assert_eq!(full.code(), Code::ResourceExhausted);
    assert!(full.message().starts_with("there are 5 tenants"), "{full:?}");
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let asked = ListTenantsRequest { page_size: 2, page_token };
        let page = console.list_tenants(by(&admin, asked)).await.unwrap().into_inner();
        assert!(page.tenants.len() <= 2);
        names.extend(page.tenants.into_iter().map(|tenant| tenant.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["t0", "t1", "t2", "t3", "t4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_server_or_a_person_changes_in_the_folder_is_taken_up() {
    let admin = key();
    let server = Server::start(&config(&admin, ""));
    let mut console = connect(&server).await;
    let first = console.create_tenant(by(&admin, create("acme"))).await.unwrap().into_inner().key.unwrap();
    let client = Client::of(&server).await;
    let second = key();
    server.write("data/ampoule/tenants/by-hand.toml", &tenant("by-hand", &[&second], ""));
    client.until(&second.key, Ok(())).await;
    // A change goes by what is on the disk, not by what the server knew.
    let path = server.folder.path().join("data/ampoule/tenants/by-hand.toml");
    let third = key();
    std::fs::write(&path, tenant("by-hand", &[&second, &third], "")).unwrap();
    let revoke = RevokeKeyRequest { tenant: "by-hand".into(), id: second.id };
    console.revoke_key(by(&admin, revoke)).await.unwrap();
    assert_eq!(
        (client.echo(&second.key).await, client.echo(&third.key).await),
        (Err(Code::Unauthenticated), Ok(()))
    );
    // A disk that is gone is no reason to send everybody away.
    let folder = server.folder.path().join("data/ampoule/tenants");
    std::fs::rename(&folder, server.folder.path().join("elsewhere")).unwrap();
    std::fs::create_dir(&folder).unwrap();
    server.signal("-HUP");
    let mut server = server;
    let refused = line_with(&mut server.log, "the tenants' new files are of no use, the old tenants stay");
    assert!(refused["error"].as_str().unwrap().contains("is not the folder that it was"), "{refused}");
    assert_eq!(client.echo(&first.api_key).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_over_http_as_json() {
    let admin = key();
    let server = Server::start(&config(&admin, ""));
    let address = server.admin_http.clone().unwrap();
    let ask = |method: &str, path: &str, body: &Value| {
        let headers = format!("content-type: application/json\r\nx-api-key: {}\r\n", admin.key);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = send(&address, method, path, &headers, &body);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status: u16 = head[9..12].parse().unwrap();
        (status, serde_json::from_str::<Value>(body).unwrap_or_default())
    };
    let denied = send(&address, "GET", "/v1/tenants", "", "");
    assert!(denied.starts_with("HTTP/1.1 401"), "{denied}");
    assert!(denied.contains("www-authenticate: Bearer realm=\"ampoule\"\r\n"), "{denied}");
    let nothing = send(&address, "GET", "/v1/tenant", "", "");
    assert!(
        nothing.starts_with("HTTP/1.1 404") && nothing.contains("did you mean GET /v1/tenants"),
        "{nothing}"
    );
    let (status, made) = ask("POST", "/v1/tenants", &json!({ "name": "acme", "settings": { "weight": 2 } }));
    assert_eq!(status, 200, "{made}");
    let api_key = made["key"]["apiKey"].as_str().unwrap().to_owned();
    let client = Client::of(&server).await;
    assert_eq!(client.echo(&api_key).await, Ok(()));
    assert_eq!(ask("POST", "/v1/tenants", &json!({ "name": "acme" })).0, 409);
    let (_, listed) = ask("GET", "/v1/tenants?pageSize=10", &Value::Null);
    assert_eq!(listed["tenants"][0]["settings"]["weight"], 2);
    let settings = json!({ "settings": { "quotas": { "cpuPerDay": "7200s" } } });
    let (status, changed) = ask("PUT", "/v1/tenants/acme", &settings);
    assert_eq!((status, &changed["tenant"]["settings"]["quotas"]["cpuPerDay"]), (200, &json!("7200s")));
    let (_, usage) = ask("GET", "/v1/tenants/acme/usage", &Value::Null);
    assert_eq!(usage["usage"]["quotas"][0]["kind"], "QUOTA_KIND_CPU_PER_DAY");
    let id = made["key"]["key"]["id"].as_str().unwrap();
    let (status, turned) =
        ask("POST", &format!("/v1/tenants/acme/keys/{id}/rotate"), &json!({ "overlap": "0s" }));
    assert_eq!(status, 200, "{turned}");
    assert_eq!(client.echo(&api_key).await, Err(Code::Unauthenticated));
    assert_eq!(client.echo(turned["key"]["apiKey"].as_str().unwrap()).await, Ok(()));
    let (status, more) = ask("POST", "/v1/tenants/acme/keys", &json!({ "description": "second" }));
    assert_eq!(status, 200, "{more}");
    let id = more["key"]["key"]["id"].as_str().unwrap();
    assert_eq!(ask("DELETE", &format!("/v1/tenants/acme/keys/{id}"), &Value::Null).0, 200);
    assert_eq!(ask("PUT", "/v1/tenants/acme", &json!({ "name": "other" })).0, 400);
    assert_eq!(ask("DELETE", "/v1/tenants/acme", &Value::Null).0, 200);
    let (status, gone) = ask("GET", "/v1/tenants/acme", &Value::Null);
    assert_eq!((status, &gone["code"]), (404, &json!("not_found")));
}

#[test]
fn the_command_line_administers_too() {
    let admin = key();
    let server = Server::start(&config(&admin, ""));
    let url = format!("http://{}", server.admin.as_ref().unwrap());
    let run = |arguments: &[&str]| {
        let mut command = ampoule(&server.folder, &[&["tenant"], arguments, &["--addr", &url]].concat());
        let output = command.env("AMPOULE_ADMIN_KEY", &admin.key).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, made, error) = run(&["create", "acme", "--settings", "{\"weight\":2}"]);
    assert_eq!(code, Some(0), "{error}");
    let (key, id) = made.split_once('\n').unwrap();
    let (key, id) = (key.strip_prefix("key  ").unwrap(), id.trim().strip_prefix("id   ").unwrap());
    let output = server.run(&["echo.py", "--key", key]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(run(&["list"]), (Some(0), format!("acme  enabled  api  {id}\n"), String::new()));
    assert_eq!(run(&["disable", "acme"]).0, Some(0));
    let (_, shown, _) = run(&["get", "acme"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["settings"]["disabled"], &shown["settings"]["weight"]), (&json!(true), &json!(2)));
    assert_eq!((run(&["enable", "acme"]).0, run(&["key", "rotate", "acme", id]).0), (Some(0), Some(0)));
    assert!(run(&["usage", "acme"]).1.contains("\"requestsToday\""));
    assert_eq!(run(&["delete", "acme"]).0, Some(0));
    let (code, _, error) = run(&["get", "acme"]);
    assert_eq!((code, error.as_str()), (Some(2), "ampoule: there is no tenant 'acme'\n"));
    let (code, _, error) = run(&["update", "acme", "--settings", "{\"wieght\":2}"]);
    assert!(code == Some(2) && error.contains("unknown field `wieght`"), "{error}");
}
