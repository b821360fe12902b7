//! What a gRPC client sends: bytes of proto, on their way through the mapping to words and admission.
#![no_main]

use ampoule_api::v1::{ExecuteBatchRequest, ExecuteRequest, PutFunctionRequest};
use ampoule_api::{put_function_from_proto, request_from_proto, request_to_proto};
use ampoule_fuzz::{admitted, bounded};
use ampoule_model::{Invocation, Request};
use libfuzzer_sys::fuzz_target;
use prost::Message;

/// The most that is held for a byte. An empty item takes two on the wire and 48 in memory, and a list that
/// grows is there twice, so this is no small number; SPECIFICATION.md says what follows from it.
const MOST: usize = 80;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = bounded(bytes.len(), MOST, || ExecuteRequest::decode(bytes)) {
        check(message);
    }
    if let Ok(message) = bounded(bytes.len(), MOST, || PutFunctionRequest::decode(bytes)) {
        assert_eq!(PutFunctionRequest::decode(&*message.encode_to_vec()).as_ref(), Ok(&message));
        let _ = put_function_from_proto(message);
    }
    if let Ok(message) = bounded(bytes.len(), MOST, || ExecuteBatchRequest::decode(bytes)) {
        assert_eq!(ExecuteBatchRequest::decode(&*message.encode_to_vec()).as_ref(), Ok(&message));
        if let Some(request) = message.request {
            check(request);
        }
    }
});

fn check(message: ExecuteRequest) {
    assert_eq!(ExecuteRequest::decode(&*message.encode_to_vec()).as_ref(), Ok(&message), "proto comes back");
    let json = serde_json::to_vec(&message);
    if let Ok(request) = request_from_proto(message.clone()) {
        // What has no meaning need not have a JSON form: numbers that are no enum value, times that are none.
        let json = json.expect("a message that means something has a JSON form");
        let again = ampoule_http::dify::fuzzing::execute_request(&json).expect("our own JSON is read");
        assert_eq!(again.message, message, "JSON and proto say the same");
        if let Invocation::Program(request) = &request {
            let again = request_from_proto(request_to_proto(request.clone())).expect("our own proto is read");
            let Invocation::Program(again) = again else { panic!("a program has become a function") };
            assert_eq!(sorted(again), sorted(request.clone()), "words come back");
        }
        let _ = admitted(request);
    }
}

/// The environment is a map in proto.
fn sorted(mut request: Request) -> Request {
    request.environment.sort();
    request
}
