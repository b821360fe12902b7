//! FunctionService over gRPC, on the tiny guest: what it answers, and which status refusals have.

use crate::support::Server;
use ampoule_access::{AccessConfig, KeyHash};
use ampoule_api::v1::function_service_client::FunctionServiceClient;
use ampoule_api::v1::{
    Conversion, DeleteFunctionRequest, ExecuteRequest, FunctionReference, GetFunctionRequest, Language,
    ListFunctionsRequest, PutFunctionRequest, Source, Status as Outcome, Variable, VariableType,
};
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
    let access = AccessConfig {
        keys: vec![("one".into(), KeyHash::of("k1")), ("two".into(), KeyHash::of("k2"))],
        ..AccessConfig::default()
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
