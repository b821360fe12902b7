//! Good requests are answered, bad ones get INVALID_ARGUMENT with a message that names the field.

use crate::support::{Server, request};
use ampoule_api::v1::runtime_service_client::RuntimeServiceClient;
use ampoule_api::v1::{
    Deterministic, ExecuteRequest, File, Language, Limits, ListImagesRequest, Package, Status,
};
use tonic::Code;
use tonic_types::{FieldViolation, StatusExt};

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_is_answered_in_full() {
    let server = Server::start(|_| {}).await;
    let mut client = server.client().await;
    let response = client.execute(request("e", "{\"n\":12345678901234567890}")).await.unwrap();
    assert!(response.metadata().contains_key("x-request-id"));
    let answer = response.into_inner();
    assert_eq!(answer.status(), Status::Completed);
    assert_eq!(answer.result_json, "{\"n\":12345678901234567890}");
    assert_eq!(answer.image_digest.len(), 64);
    assert_eq!(answer.failure, None);
    let usage = answer.usage.unwrap();
    assert!(usage.fuel > 0);
    assert!(usage.wall_time.is_some() && usage.cpu_time.is_some() && usage.queue_time.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_fail_are_answered_too() {
    let server = Server::start(|_| {}).await;
    let mut client = server.client().await;
    let failed = client.execute(request("f", "{}")).await.unwrap().into_inner();
    assert_eq!(failed.status(), Status::Raised);
    assert_eq!(failed.failure.unwrap().r#type, "Boom");
    let mut endless = request("l", "");
    endless.limits = Some(Limits { fuel: 1_000_000, ..Limits::default() });
    assert_eq!(client.execute(endless).await.unwrap().into_inner().status(), Status::FuelExhausted);
    assert_eq!(client.execute(request("t", "")).await.unwrap().into_inner().status(), Status::Internal);
}

/// A change to a good request, and the message it must be refused with.
type Case = (fn(&mut ExecuteRequest), &'static str);

const BAD_REQUESTS: &[Case] = &[
    (|r| r.source = None, "source is missing: give a program, or name a function"),
    (|r| r.source.as_mut().unwrap().code.clear(), "source.code is empty: give a program"),
    (
        |r| r.source.as_mut().unwrap().language = Language::Unspecified.into(),
        "source.language is not set: use LANGUAGE_PYTHON, LANGUAGE_JAVASCRIPT or LANGUAGE_TYPESCRIPT",
    ),
    (
        |r| r.source.as_mut().unwrap().language = 7,
        "source.language is 7, which is no language: use LANGUAGE_PYTHON, LANGUAGE_JAVASCRIPT or LANGUAGE_TYPESCRIPT",
    ),
    (
        |r| r.source.as_mut().unwrap().entry = 9,
        "source.entry is 9, which is no entry: use ENTRY_MAIN, ENTRY_BODY or ENTRY_SCRIPT",
    ),
    (
        |r| r.source.as_mut().unwrap().image = "ruby".into(),
        "source.image is 'ruby', which is not here; there are: javascript, python",
    ),
    (
        |r| r.input_json = "[]".into(),
        "input_json is not a JSON object: it begins with an array; wrap the value in an object",
    ),
    (
        |r| r.limits.as_mut().unwrap().wall_time = Some(ampoule_api::Duration { seconds: 90, nanos: 0 }),
        "limits.wall_time is 90 s, the server's cap is 60 s: ask for less",
    ),
    (
        |r| r.limits.as_mut().unwrap().wall_time = Some(ampoule_api::Duration { seconds: -1, nanos: 0 }),
        "limits.wall_time is negative or malformed: give a positive duration",
    ),
    (
        |r| r.limits.as_mut().unwrap().memory_bytes = 2 << 30,
        "limits.memory_bytes is 2 GiB, the server's cap is 1 GiB: ask for less",
    ),
    (
        |r| r.limits.as_mut().unwrap().fuel = 10_000_000_000_001,
        "limits.fuel is 10000000000001, the server's cap is 10000000000000: ask for less",
    ),
    (
        |r| {
            let now = Some(ampoule_api::Timestamp { seconds: -1, nanos: 0 });
            r.deterministic = Some(Deterministic { seed: 1, now });
        },
        "deterministic.now is malformed or not between the years 1970 and 2262",
    ),
    (
        |r| r.files.push(File { path: "../x".into(), content: Vec::new() }),
        "files[0].path '../x' leaves the working directory: '..' is not taken",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_are_refused_by_name() {
    let server = Server::start(|_| {}).await;
    let mut client = server.client().await;
    for (change, expected) in BAD_REQUESTS {
        let mut bad = request("e", "{}");
        bad.limits = Some(Limits::default());
        change(&mut bad);
        let refusal = client.execute(bad).await.unwrap_err();
        assert_eq!((refusal.code(), refusal.message()), (Code::InvalidArgument, *expected));
        let details = refusal.get_details_bad_request().expect("the field is named");
        let [FieldViolation { field, description, .. }] = &details.field_violations[..] else {
            panic!("{details:?}")
        };
        assert_eq!(format!("{field} {description}"), *expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_beyond_the_hard_cap_is_refused_by_its_size() {
    let server = Server::start(|_| {}).await;
    let mut client = server.client().await;
    let largest = server.service.sizes().largest_request();
    let mut huge = request("e", "{}");
    huge.files = vec![File { path: "a".into(), content: vec![0; largest] }];
    let refusal = client.execute(huge).await.unwrap_err();
    let expected = format!(
        "the message is too large: the server takes at most {largest} bytes: send less in input_json, files or source"
    );
    assert_eq!((refusal.code(), refusal.message()), (Code::InvalidArgument, expected.as_str()));
    // Beyond a size of its own but within the message's, the field is named.
    let large = request("e", &format!("{{\"a\": \"{}\"}}", "x".repeat(16 << 20)));
    let refusal = client.execute(large).await.unwrap_err();
    assert_eq!(refusal.code(), Code::InvalidArgument);
    assert_eq!(refusal.message(), "input_json takes 16777225 bytes, the server's cap is 16 MiB: send less");
    client.execute(request("e", "{}")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_good_request_fits() {
    let server = Server::start(|_| {}).await;
    let mut client = server.client().await;
    let json = format!("{{\"a\":\"{}\"}}", "x".repeat((16 << 20) - 8));
    let mut large = request("e", &json);
    large.files = vec![File { path: "a".into(), content: vec![0; (16 << 20) - 1] }];
    large.source.as_mut().unwrap().code = "e".repeat(4 << 20);
    let answer = client.execute(large).await.unwrap().into_inner();
    assert_eq!(answer.status(), Status::Completed, "{:?}", answer.failure);
    assert!(answer.result_json == json);
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_listed() {
    let server = Server::start(|_| {}).await;
    let mut client = RuntimeServiceClient::new(server.channel().await);
    let images = client.list_images(ListImagesRequest {}).await.unwrap().into_inner().images;
    let names: Vec<&str> = images.iter().map(|image| image.name.as_str()).collect();
    assert_eq!(names, ["javascript", "python"]);
    assert_eq!(images[1].language(), Language::Python);
    assert_eq!(images[1].version, "0.1");
    let package = Package {
        name: "tiny".into(),
        version: "0.1".into(),
        licence: "Apache-2.0".into(),
        sha256: "0".repeat(64),
        native: true,
        modules: vec!["tiny".into(), "tinier".into()],
        preimported: true,
    };
    assert_eq!(images[1].packages, [package]);
    assert_eq!(images[1].initial_memory_bytes, 256 << 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_request_id_comes_back() {
    let server = Server::start(|_| {}).await;
    let mut client = server.client().await;
    for (code, json) in [("e", "{}"), ("e", "[]")] {
        let mut with_id = tonic::Request::new(request(code, json));
        with_id.metadata_mut().insert("x-request-id", "order-17".parse().unwrap());
        let metadata = match client.execute(with_id).await {
            Ok(response) => response.metadata().clone(),
            Err(refusal) => refusal.metadata().clone(),
        };
        assert_eq!(metadata.get("x-request-id").unwrap(), "order-17");
    }
}
