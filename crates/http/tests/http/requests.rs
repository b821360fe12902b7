//! Good requests are answered, bad ones get a status and a message that names the field.

use crate::support::{KEY, Server, request};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_is_answered_in_full() {
    let server = Server::start(|_| {}).await;
    let answer = server.execute(&request("e", "{\"n\":12345678901234567890}")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert!(answer.headers.contains_key("x-request-id"));
    let json = answer.json();
    assert_eq!(json["status"], "STATUS_COMPLETED");
    assert_eq!(json["resultJson"], "{\"n\":12345678901234567890}");
    assert_eq!(json["imageDigest"].as_str().unwrap().len(), 64);
    assert!(json["usage"]["fuel"].as_str().unwrap().parse::<u64>().unwrap() > 0, "64 bits travel as text");
    assert!(json["usage"]["wallTime"].as_str().unwrap().ends_with('s'));
    assert_eq!((&json["stdout"], &json["failure"]), (&json!(""), &Value::Null), "what is empty is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_fail_are_answered_too() {
    let server = Server::start(|_| {}).await;
    let failed = server.execute(&request("f", "{}")).await;
    assert_eq!((failed.status, &failed.json()["failure"]["type"]), (StatusCode::OK, &json!("Boom")));
    let mut endless = request("l", "");
    endless["limits"] = json!({ "wallTime": "0.050s" });
    assert_eq!(server.execute(&endless).await.json()["status"], "STATUS_TIMED_OUT");
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_taken_in_both_spellings_of_proto() {
    let server = Server::start(|_| {}).await;
    let snake = json!({ "source": { "language": 1, "code": "e" }, "input_json": "{\"a\":1}", "files": [{ "path": "a", "content": "AAEC" }] });
    assert_eq!(server.execute(&snake).await.json()["resultJson"], "{\"a\":1}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stdin_comes_as_text_or_as_bytes() {
    let server = Server::start(|_| {}).await;
    let mut asked = request("i", "{}");
    asked["stdinText"] = json!("[\"é\"]");
    assert_eq!(server.execute(&asked).await.json()["resultJson"], "[\"é\"]");
    asked["stdin"] = json!("MQ==");
    let both = server.execute(&asked).await;
    assert_eq!(both.status, StatusCode::BAD_REQUEST);
    assert_eq!(both.json()["message"], "stdin_text is given together with stdin: give one of them");
    asked.as_object_mut().unwrap().remove("stdinText");
    assert_eq!(server.execute(&asked).await.json()["resultJson"], "1");
    asked["outputFiles"] = json!(["*.csv", "a//b"]);
    let refused = server.execute(&asked).await.json();
    assert!(
        refused["message"].as_str().unwrap().starts_with("output_files[1] has an empty part"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_name_the_field() {
    let server = Server::start(|_| {}).await;
    let good = request("e", "{}");
    let with = |path: &str, value: Value| {
        let mut changed = good.clone();
        match path.split_once('.') {
            Some((outer, inner)) => changed[outer][inner] = value,
            None => changed[path] = value,
        }
        changed
    };
    let cases = [
        (json!({}), "source is missing: give a program, or name a function"),
        (
            with("source.language", "ruby".into()),
            "source.language is not as expected: 'ruby' is none of python, javascript, typescript",
        ),
        (with("source.language", 0.into()), "source.language is not set"),
        (with("source.code", "".into()), "source.code is empty: give a program"),
        (with("source.colour", 1.into()), "source.colour is not as expected: unknown field `colour`"),
        (with("inputJson", "[]".into()), "input_json is not a JSON object: it begins with an array"),
        (with("inputJson", json!({ "a": 1 })), "inputJson is not as expected: invalid type"),
        (
            with("limits", json!({ "wallTime": "90s" })),
            "limits.wall_time is 90 s, the server's cap is 60 s: ask for less",
        ),
        (
            with("limits", json!({ "wallTime": "500ms" })),
            "limits.wallTime is not as expected: invalid digit found in string",
        ),
        (
            with("limits", json!({ "wallTime": "2h" })),
            "limits.wallTime is not as expected: missing 's' suffix",
        ),
        (with("files", json!([{ "path": "../a" }])), "files[0].path '../a' leaves the working directory"),
        (with("files", json!([{ "path": "a", "content": "%" }])), "files[0].content is not as expected"),
    ];
    for (body, says) in cases {
        let answer = server.execute(&body).await;
        let json = answer.json();
        assert_eq!(
            (answer.status, &json["code"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_argument")),
            "{body}"
        );
        let message = json["message"].as_str().unwrap();
        assert!(message.starts_with(says), "{says}: {json}");
        if says.starts_with("limits.wallTime") {
            assert!(message.ends_with(": write a time in seconds as text, like \"1.5s\""), "{message}");
        }
        assert_eq!(json["details"][0]["@type"], "type.googleapis.com/google.rpc.BadRequest");
        let violation = &json["details"][0]["fieldViolations"][0];
        let (field, why) = (violation["field"].as_str().unwrap(), violation["description"].as_str().unwrap());
        assert_eq!(format!("{field} {why}"), message, "the field, and why");
        assert!(says.starts_with(&format!("{field} ")), "{field}: {says}");
    }
    let headers = [("content-type", "application/json")];
    let broken = server.send(Method::POST, "/v1/execute", &headers, "{\"source\"").await;
    assert_eq!(
        (broken.status, &broken.json()["code"], &broken.json()["details"]),
        (StatusCode::BAD_REQUEST, &json!("invalid_argument"), &json!([]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_in_a_browser_can_send_is_not_taken() {
    let server = Server::start(|_| {}).await;
    let body = request("e", "{}").to_string();
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=application/json"]
    {
        let answer = server.send(Method::POST, "/v1/execute", &[("content-type", kind)], body.clone()).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        assert!(answer.json()["message"].as_str().unwrap().contains("Content-Type: application/json"));
    }
    let headers = [("content-type", "application/json; charset=utf-8")];
    assert_eq!(server.send(Method::POST, "/v1/execute", &headers, body).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_a_request_can_be_a_header_and_a_compressed_body_is_told_to_be_none() {
    let server = Server::start(|_| {}).await;
    let send = async |body: &Value, more: &[(&str, &str)]| {
        let headers = [&[("content-type", "application/json")], more].concat();
        server.send(Method::POST, "/v1/execute", &headers, body.to_string()).await
    };
    let body = request("e", "{\"a\":1}");
    let first = send(&body, &[("idempotency-key", "k")]).await;
    let again = send(&body, &[("idempotency-key", "k")]).await;
    assert_eq!(
        (first.status, first.json()),
        (StatusCode::OK, again.json()),
        "its usage, too, to the nanosecond"
    );
    let other = send(&request("e", "{\"a\":2}"), &[("idempotency-key", "k")]).await;
    assert!(
        other.json()["message"]
            .as_str()
            .unwrap()
            .starts_with("idempotency_key was sent with another request")
    );
    let mut two = body.clone();
    two["idempotencyKey"] = json!("other");
    let two = send(&two, &[("idempotency-key", "k")]).await;
    assert_eq!(
        (two.status, two.json()["message"].as_str().unwrap().contains("send one of them")),
        (StatusCode::BAD_REQUEST, true)
    );
    let compressed = send(&body, &[("content-encoding", "gzip")]).await;
    assert_eq!(compressed.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(compressed.json()["message"].as_str().unwrap().starts_with("the body is compressed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_beyond_every_limit_are_refused_before_they_are_taken_in() {
    let server = Server::start(|config| config.sizes.input_bytes = 1 << 10).await;
    let most = 2 * server.service.sizes().largest_request();
    // By hand: the answer is there before the body, and a client that goes on sending may find the connection
    // closed.
    for (path, code) in
        [("/v1/execute", "\"code\":\"invalid_argument\""), ("/v1/sandbox/run", "\"code\":-400")]
    {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\nx-api-key: {KEY}\r\n\
             content-length: {}\r\n\r\n",
            most + 1
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        assert!(answer.contains(&format!("at most {most} bytes")) && answer.contains(code), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_are_taken_over() {
    let server = Server::start(|_| {}).await;
    let headers = [("content-type", "application/json"), ("x-request-id", "mine-1"), ("x-api-key", KEY)];
    for (path, body) in
        [("/v1/execute", request("e", "")), ("/v1/sandbox/run", json!({})), ("/v1/execute", json!({}))]
    {
        let answer = server.send(Method::POST, path, &headers, body.to_string()).await;
        assert_eq!(answer.headers["x-request-id"], "mine-1", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn images_health_and_the_description_are_told() {
    let server = Server::start(|_| {}).await;
    let images = server.send(Method::GET, "/v1/images", &[], "").await.json();
    assert_eq!(images["images"][1]["name"], "python");
    assert_eq!(images["images"][1]["language"], "LANGUAGE_PYTHON");
    assert_eq!(images["images"][1]["packages"][0]["modules"], json!(["tiny", "tinier"]));
    let health = server.send(Method::GET, "/health", &[], "").await;
    assert_eq!((health.status, &health.bytes[..]), (StatusCode::OK, &b"\"ok\""[..]));
    let description = server.send(Method::GET, "/openapi.json", &[], "").await.json();
    assert_eq!(description["openapi"], "3.1.0");
    for path in description["paths"].as_object().unwrap().keys() {
        let answer = server.send(Method::GET, path, &[], "").await;
        assert_ne!(answer.status, StatusCode::NOT_FOUND, "{path} is described");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dify_is_answered_in_its_envelope() {
    let server = Server::start(|_| {}).await;
    let answer = server.run("e").await;
    let data = json!({ "stdout": "", "stderr": "", "error": "", "exit_code": 0 });
    assert_eq!(answer.json(), json!({ "code": 0, "message": "success", "data": data }));
    assert_eq!(answer.headers["content-type"], "application/json; charset=utf-8");
    let failed = server.run("f").await.json();
    assert_eq!((&failed["code"], &failed["data"]["exit_code"]), (&json!(0), &json!(1)));
    assert!(failed["data"]["error"].as_str().unwrap().starts_with("Boom"), "{failed}");
    let packages = server
        .send(Method::GET, "/v1/sandbox/dependencies?language=python3", &[("x-api-key", KEY)], "")
        .await
        .json();
    assert_eq!(packages["data"], json!({ "dependencies": [{ "name": "tiny", "version": "0.1" }] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn dify_must_know_the_key() {
    let server = Server::start(|_| {}).await;
    for headers in [&[][..], &[("x-api-key", "other")], &[("authorization", KEY)]] {
        let answer = server.send(Method::POST, "/v1/sandbox/run", headers, "{").await;
        assert_eq!((answer.status, answer.bytes.len()), (StatusCode::UNAUTHORIZED, 0));
    }
}
