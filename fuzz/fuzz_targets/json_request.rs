//! What an HTTP client sends to `/v1/execute` and its kin: JSON, which must come to what the same message in
//! proto comes to.
#![no_main]

use ampoule_api::v1::{ExecuteBatchRequest, ExecuteRequest};
use ampoule_api::{ResultForm, WithInput, batch_request_from_proto, request_from_proto};
use ampoule_fuzz::{admitted, bounded};
use ampoule_http::dify::fuzzing;
use libfuzzer_sys::fuzz_target;
use prost::Message;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The most that is held for a byte: `{},` is three and an item 48, and a list that grows is there twice.
const MOST: usize = 60;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = read(bytes, fuzzing::execute_request) {
        input_is_as_it_stands(bytes, &request);
        let (from_json, from_proto) = (request_from_proto(request.message.clone()), request_from_proto(again(&request.message)));
        match (from_json, from_proto) {
            (Ok(from_json), Ok(from_proto)) => {
                // The environment is an ordered map in both.
                assert_eq!(from_json, from_proto);
                assert_eq!(admitted(from_json), admitted(from_proto), "admission does not know how a request came");
            }
            (from_json, from_proto) => assert_eq!(from_json.err(), from_proto.err()),
        }
    }
    if let Ok(batch) = read(bytes, fuzzing::batch_request) {
        again::<ExecuteBatchRequest>(&batch.message);
        let _ = batch_request_from_proto(batch.message.request);
    }
});

fn read<M>(bytes: &[u8], read: impl Fn(&[u8]) -> Result<WithInput<M>, String>) -> Result<WithInput<M>, ()> {
    bounded(bytes.len(), MOST, || read(bytes)).map_err(|problem| {
        assert!(!problem.is_empty(), "a refusal says why");
        assert!(problem.len() < 4096, "and does not send all of the body back");
    })
}

/// The message as proto; its own JSON is read as the same, too.
fn again<M: Message + Default + PartialEq + serde::Serialize + ampoule_api::HasInput>(message: &M) -> M {
    let proto = M::decode(&*message.encode_to_vec()).expect("our own proto is read");
    assert!(proto == *message, "both forms are the same message");
    // Times that are none have a form that is not read.
    if let Ok(json) = serde_json::to_vec(message)
        && let Ok(read) = serde_json::from_slice::<WithInput<M>>(&json)
    {
        assert!(read.message == *message && read.form == ResultForm::Text);
    }
    proto
}

/// An input that is JSON reaches the program byte by byte.
fn input_is_as_it_stands(bytes: &[u8], request: &WithInput<ExecuteRequest>) {
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(bytes).expect("it was read");
    if let Some(input) = members.get("input") {
        assert_eq!((input.get(), request.form), (&*request.message.input_json, ResultForm::Value));
    }
}
