//! FunctionService over gRPC, on the tiny guest: what it answers, and which status refusals have.

use crate::support::Server;
use ampoule_api::v1::function_service_client::FunctionServiceClient;
use ampoule_api::v1::{
    AliasTarget, Conversion, DeleteFunctionRequest, ExecuteRequest, File, FunctionReference,
    GetFunctionRequest, Language, ListFunctionsRequest, PutFunctionRequest, Source, Status as Outcome,
    UpdateFunctionAliasesRequest, Variable, VariableType,
};
use ampoule_auth::{ApiKey, AuthConfig, KeyHash};
use tonic::transport::Channel;
use tonic::{Code, Request};

fn put(name: &str, code: &str) -> PutFunctionRequest {
    PutFunctionRequest {
        name: name.into(),
        source: Some(Source { language: Language::Python.into(), code: code.into(), ..Source::default() }),
        ..PutFunctionRequest::default()
    }
}

fn named(name: &str) -> Option<FunctionReference> {
    Some(FunctionReference { name: name.into(), ..FunctionReference::default() })
}

fn call(name: &str, input_json: &str) -> ExecuteRequest {
    ExecuteRequest { function: named(name), input_json: input_json.into(), ..ExecuteRequest::default() }
}

async fn functions(server: &Server) -> FunctionServiceClient<Channel> {
    FunctionServiceClient::new(server.channel().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_put_called_told_of_listed_and_deleted() {
    let server = Server::start(|_| {}).await;
    let (mut functions, mut client) = (functions(&server).await, server.client().await);
    let answer = functions.put_function(put("f", "n")).await.unwrap();
    assert!(answer.metadata().contains_key("x-request-id"));
    let function = answer.into_inner().function.unwrap();
    assert_eq!((function.name.as_str(), function.version.len()), ("f", 64));
    assert_eq!(function.aliases, ["latest"]);
    assert!(function.create_time.unwrap().seconds > 1_700_000_000);
    // The tiny guest's `n` counts its calls in its memory.
    for _ in 0..3 {
        let answer = client.execute(call("f", "{}")).await.unwrap().into_inner();
        assert_eq!((answer.status(), answer.result_json.as_str()), (Outcome::Completed, "1"));
        assert_eq!(answer.function_version, function.version);
    }
    let got = functions.get_function(GetFunctionRequest { function: named("f") }).await.unwrap();
    let got = got.into_inner().function.unwrap();
    assert_eq!(got.source.unwrap().code, "n");
    assert!(got.input_schema_json.starts_with('{'));
    let listed = functions.list_functions(ListFunctionsRequest::default()).await.unwrap().into_inner();
    assert_eq!(listed.functions[0].name, "f");
    assert_eq!(listed.functions[0].aliases["latest"], function.version);
    functions.delete_function(DeleteFunctionRequest { function: named("f") }).await.unwrap();
    let gone = client.execute(call("f", "{}")).await.unwrap_err();
    assert_eq!((gone.code(), gone.message()), (Code::NotFound, "there is no function 'f'"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_top_level_that_fails_is_an_outcome_and_not_a_status() {
    let server = Server::start(|_| {}).await;
    let answer = functions(&server).await.put_function(put("f", "x")).await.unwrap().into_inner();
    assert!(answer.function.is_none());
    let preparation = answer.preparation.unwrap();
    assert_eq!(
        (preparation.status(), preparation.failure.unwrap().r#type.as_str()),
        (Outcome::Raised, "Boom")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_name_the_field() {
    let server = Server::start(|_| {}).await;
    let (mut functions, mut client) = (functions(&server).await, server.client().await);
    let variable = |kind: i32| Variable { name: "a".into(), r#type: kind, ..Variable::default() };
    let cases = [
        (PutFunctionRequest { source: None, ..put("f", "") }, "source is missing: give a program"),
        (put("", "e"), "name is empty: use 1 to 100 letters"),
        (
            PutFunctionRequest { inputs: vec![variable(0)], ..put("f", "e") },
            "inputs[0].type is not set: use VARIABLE_TYPE_STRING",
        ),
        (
            PutFunctionRequest { outputs: vec![variable(99)], ..put("f", "e") },
            "outputs[0].type is 99, which is no type",
        ),
    ];
    for (request, expected) in cases {
        let status = functions.put_function(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().starts_with(expected), "{}", status.message());
    }
    let neither = client.execute(ExecuteRequest::default()).await.unwrap_err();
    assert_eq!(neither.message(), "source is missing: give a program, or name a function");
    let both = ExecuteRequest { source: put("f", "e").source, ..call("f", "{}") };
    let both = client.execute(both).await.unwrap_err();
    assert_eq!(both.message(), "function is given together with source: give one of them");
    let none = functions.get_function(GetFunctionRequest { function: None }).await.unwrap_err();
    assert_eq!(none.message(), "function is missing: name one");
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_are_checked_against_what_is_declared() {
    let server = Server::start(|_| {}).await;
    let mut functions = functions(&server).await;
    let input = Variable { name: "a".into(), r#type: VariableType::Number.into(), ..Variable::default() };
    let converting = |conversion: Conversion| PutFunctionRequest {
        inputs: vec![input.clone()],
        convert_inputs: conversion.into(),
        ..put("f", "e")
    };
    functions.put_function(converting(Conversion::Strict)).await.unwrap();
    let mut client = server.client().await;
    let answer = client.execute(call("f", "{\"a\": \"42\"}")).await.unwrap().into_inner();
    assert_eq!(answer.result_json, "{\"a\":42}");
    let missing = client.execute(call("f", "{}")).await.unwrap_err();
    assert_eq!(missing.message(), "input_json['a'] is missing: the function takes a number");
    let wrong = client.execute(call("f", "{\"a\": \"abc\"}")).await.unwrap_err();
    assert_eq!(wrong.message(), "input_json['a'] is a string that is no number, the function takes a number");
    let kept = functions.put_function(converting(Conversion::Dify)).await.unwrap().into_inner();
    assert_eq!(kept.function.unwrap().convert_inputs(), Conversion::Dify);
    let answer = client.execute(call("f", "{\"a\": \"abc\"}")).await.unwrap().into_inner();
    assert_eq!(answer.result_json, "{\"a\":0}");
    let odd = PutFunctionRequest { convert_inputs: 7, ..converting(Conversion::Unspecified) };
    let odd = functions.put_function(odd).await.unwrap_err();
    assert_eq!(
        odd.message(),
        "convert_inputs is 7, which is no conversion: use CONVERSION_STRICT or CONVERSION_DIFY, or leave it out"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_its_tenants_functions_only() {
    let access = AuthConfig {
        keys: vec![("one".into(), KeyHash::of("k1")), ("two".into(), KeyHash::of("k2"))],
        ..AuthConfig::default()
    };
    let server = Server::start_with(
        |config| config.tenants = vec![config.tenant("one"), config.tenant("two")],
        &access,
    )
    .await;
    let mut functions = functions(&server).await;
    let nobody = functions.put_function(put("f", "e")).await.unwrap_err();
    assert_eq!(nobody.code(), Code::Unauthenticated);
    fn by<T>(key: &str, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("x-api-key", key.parse().unwrap());
        request
    }
    functions.put_function(by("k1", put("f", "e"))).await.unwrap();
    let mut client = server.client().await;
    assert!(client.execute(by("k1", call("f", "{}"))).await.is_ok());
    assert_eq!(client.execute(by("k2", call("f", "{}"))).await.unwrap_err().code(), Code::NotFound);
    let get = GetFunctionRequest { function: named("f") };
    assert_eq!(functions.get_function(by("k2", get)).await.unwrap_err().code(), Code::NotFound);
    let listed = functions.list_functions(by("k2", ListFunctionsRequest::default())).await.unwrap();
    assert!(listed.into_inner().functions.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn aliases_are_updated_and_latest_stays_where_it_is() {
    let server = Server::start(|_| {}).await;
    let (mut functions, mut client) = (functions(&server).await, server.client().await);
    let one = functions.put_function(put("f", "e 1")).await.unwrap().into_inner().function.unwrap().version;
    let canary = PutFunctionRequest { aliases: vec!["canary".into()], keep_latest: true, ..put("f", "e 2") };
    let two = functions.put_function(canary).await.unwrap().into_inner().function.unwrap().version;
    let target = |alias: &str, version: &str, from: &str| AliasTarget {
        alias: alias.into(),
        version: version.into(),
        from_alias: from.into(),
    };
    let update = |set: Vec<AliasTarget>, remove: &[&str]| UpdateFunctionAliasesRequest {
        name: "f".into(),
        set,
        remove: remove.iter().map(|alias| (*alias).to_owned()).collect(),
    };
    let promoted = update(vec![target("stable", "", "canary"), target("old", &one[..4], "")], &["canary"]);
    let answer = functions.update_function_aliases(promoted).await.unwrap();
    assert!(answer.metadata().contains_key("x-request-id"));
    let aliases = answer.into_inner().aliases;
    let expected = [("latest", &one), ("old", &one), ("stable", &two)];
    assert_eq!(aliases, expected.map(|(alias, version)| (alias.to_owned(), version.clone())).into());
    let mut by_digits = call("f", "{}");
    by_digits.function.as_mut().unwrap().version = two[..5].into();
    assert_eq!(client.execute(by_digits).await.unwrap().into_inner().function_version, two);
    for (refused, code, says) in [
        (update(vec![], &["nobody"]), Code::NotFound, "function 'f' has no alias 'nobody'"),
        (update(vec![target("a", "", "")], &[]), Code::InvalidArgument, "set[0].version is missing"),
        (update(vec![target("a", "123", "")], &[]), Code::InvalidArgument, "set[0].version is '123'"),
    ] {
        let status = functions.update_function_aliases(refused).await.unwrap_err();
        assert_eq!(status.code(), code, "{status}");
        assert!(status.message().starts_with(says), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_says_what_it_is_and_who_put_it() {
    let key = ApiKey::generate().unwrap();
    let access = AuthConfig { keys: vec![("one".into(), key.hash())], ..AuthConfig::default() };
    let server = Server::start_with(|config| config.tenants = vec![config.tenant("one")], &access).await;
    let mut functions = functions(&server).await;
    fn by<T>(key: &ApiKey, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", format!("Bearer {}", key.reveal()).parse().unwrap());
        request
    }
    let labels = |team: &str| [("team".to_owned(), team.to_owned())].into();
    for (name, team) in [("f", "billing"), ("g", "sales")] {
        let request = PutFunctionRequest {
            description: "What it is".into(),
            labels: labels(team),
            env: [("KEY".to_owned(), "value".to_owned())].into(),
            files: vec![File { path: "data".into(), content: b"abc".to_vec() }],
            ..put(name, "e")
        };
        functions.put_function(by(&key, request)).await.unwrap();
    }
    let got = functions.get_function(by(&key, GetFunctionRequest { function: named("f") })).await.unwrap();
    let got = got.into_inner().function.unwrap();
    // The digits of the hash that the operator's configuration has.
    let who = format!("key:{}", &key.hash().to_string()["sha256:".len()..][..12]);
    assert_eq!((got.created_by.as_str(), got.description.as_str()), (who.as_str(), "What it is"));
    assert_eq!((got.labels, got.env["KEY"].as_str()), (labels("billing"), "value"));
    let [file] = got.files.as_slice() else { panic!("{:?}", got.files) };
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!((file.path.as_str(), file.size_bytes, file.sha256.as_str()), ("data", 3, hash));
    let list = ListFunctionsRequest { labels: labels("sales"), ..ListFunctionsRequest::default() };
    let listed = functions.list_functions(by(&key, list)).await.unwrap().into_inner();
    let [function] = listed.functions.as_slice() else { panic!("{listed:?}") };
    let [details] = function.details.as_slice() else { panic!("{function:?}") };
    assert_eq!((function.name.as_str(), &details.version), ("g", &function.versions[0]));
    assert_eq!((details.created_by.as_str(), details.description.as_str()), (who.as_str(), "What it is"));
    assert!(details.create_time.unwrap().seconds > 1_700_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other() {
    let server = Server::start(|_| {}).await;
    let mut functions = functions(&server).await;
    for name in ["a", "b", "c"] {
        functions.put_function(put(name, "e")).await.unwrap();
    }
    let mut list = ListFunctionsRequest { page_size: 2, ..ListFunctionsRequest::default() };
    let first = functions.list_functions(list.clone()).await.unwrap().into_inner();
    assert_eq!((first.functions.len(), first.next_page_token.as_str()), (2, "c"));
    list.page_token = first.next_page_token;
    let second = functions.list_functions(list).await.unwrap().into_inner();
    assert_eq!((second.functions[0].name.as_str(), second.next_page_token.as_str()), ("c", ""));
    let many = ListFunctionsRequest { page_size: 1001, ..ListFunctionsRequest::default() };
    let refused = functions.list_functions(many).await.unwrap_err();
    assert_eq!(refused.message(), "page_size is 1001, at most 1000 are taken");
}
