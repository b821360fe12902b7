//! What an HTTP client sends to `/v1/execute`: JSON, which must come to what the same message in proto comes to.
#![no_main]

use ampoule_api::request_from_proto;
use ampoule_api::v1::ExecuteRequest;
use ampoule_fuzz::{admitted, bounded};
use libfuzzer_sys::fuzz_target;
use prost::Message;

/// The most that is held for a byte: `{},` is three and an item 48, and a list that grows is there twice.
const MOST: usize = 60;

fuzz_target!(|bytes: &[u8]| {
    let read = bounded(bytes.len(), MOST, || ampoule_http::dify::fuzzing::execute_request(bytes));
    let message = match read {
        Ok(message) => message,
        Err(problem) => {
            assert!(!problem.is_empty(), "a refusal says why");
            return;
        }
    };
    let proto = ExecuteRequest::decode(&*message.encode_to_vec()).expect("our own proto is read");
    assert_eq!(proto, message, "both forms are the same message");
    let (from_json, from_proto) = (request_from_proto(message), request_from_proto(proto));
    match (from_json, from_proto) {
        (Ok(from_json), Ok(from_proto)) => {
            // The environment is an ordered map in both.
            assert_eq!(from_json, from_proto);
            assert_eq!(
                admitted(from_json),
                admitted(from_proto),
                "admission does not know how a request came"
            );
        }
        (from_json, from_proto) => assert_eq!(from_json.err(), from_proto.err()),
    }
});
