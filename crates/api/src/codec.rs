//! Proto, looked at before it is decoded: an empty item takes two bytes on the wire and some fifty in memory,
//! so a message of nothing but those would take twenty times its size.

use crate::v1;
use prost::Message;
use prost::bytes::Buf;
use std::any::TypeId;
use std::marker::PhantomData;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder};
use tonic_prost::{ProstCodec, ProstEncoder};

/// Fields that a message can have, those of its parts included: more than any that is admitted, of which the
/// largest is a batch of 10,000 inputs with 256 each of files, modules and variables.
const MOST_FIELDS: usize = 12_000;

/// Which fields of a message are messages whose fields count, too.
struct Parts(&'static [(u64, &'static Parts)]);

const NONE: Parts = Parts(&[]);
const EXECUTE: Parts = Parts(&[(1, &NONE)]);
const BATCH: Parts = Parts(&[(1, &EXECUTE)]);
const PUT: Parts = Parts(&[(2, &NONE)]);

/// Encodes and decodes the API's messages.
#[derive(Debug)]
pub(crate) struct CheckedCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for CheckedCodec<T, U> {
    fn default() -> Self {
        CheckedCodec(PhantomData)
    }
}

impl<T, U> Codec for CheckedCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = CheckedDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::default().encoder()
    }

    fn decoder(&mut self) -> Self::Decoder {
        CheckedDecoder(PhantomData)
    }
}

/// Decodes messages that were looked at.
#[derive(Debug)]
pub(crate) struct CheckedDecoder<U>(PhantomData<U>);

impl<U: Message + Default + 'static> Decoder for CheckedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        if let Some(parts) = parts_of::<U>() {
            // All of the message: the transport has collected it in one piece.
            let mut left = MOST_FIELDS;
            if !count(bytes.chunk(), parts, &mut left) {
                return Err(Status::invalid_argument(format!(
                    "the message has more than {MOST_FIELDS} fields: send fewer files, modules, variables or inputs"
                )));
            }
        }
        let malformed = |error| Status::invalid_argument(format!("the message is malformed: {error}"));
        U::decode(bytes).map(Some).map_err(malformed)
    }
}

/// None: of a server, which is believed.
fn parts_of<U: 'static>() -> Option<&'static Parts> {
    let is = |other| TypeId::of::<U>() == other;
    if is(TypeId::of::<v1::ExecuteRequest>()) {
        Some(&EXECUTE)
    } else if is(TypeId::of::<v1::ExecuteBatchRequest>()) {
        Some(&BATCH)
    } else if is(TypeId::of::<v1::PutFunctionRequest>()) {
        Some(&PUT)
    } else {
        None
    }
}

/// Whether there are no more than `left` fields. What is malformed is for the decoder to find.
fn count(mut bytes: &[u8], parts: &Parts, left: &mut usize) -> bool {
    while !bytes.is_empty() {
        if *left == 0 {
            return false;
        }
        *left -= 1;
        let Some(key) = varint(&mut bytes) else { return true };
        let length = match key & 7 {
            0 => match varint(&mut bytes) {
                Some(_) => 0,
                None => return true,
            },
            1 => 8,
            2 => match varint(&mut bytes) {
                Some(length) => length,
                None => return true,
            },
            5 => 4,
            _ => return true,
        };
        let Some((content, rest)) =
            usize::try_from(length).ok().and_then(|length| bytes.split_at_checked(length))
        else {
            return true;
        };
        if let Some((_, parts)) = parts.0.iter().find(|(field, _)| key == field << 3 | 2)
            && !count(content, parts, left)
        {
            return false;
        }
        bytes = rest;
    }
    true
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(message: &[u8], parts: &Parts) -> bool {
        count(message, parts, &mut MOST_FIELDS.clone())
    }

    #[test]
    fn what_is_admitted_fits_and_a_message_of_empty_items_does_not() {
        let source =
            |modules| v1::Source { modules: vec![v1::Module::default(); modules], ..Default::default() };
        let request = |modules, files| v1::ExecuteRequest {
            source: Some(source(modules)),
            files: vec![v1::File::default(); files],
            ..Default::default()
        };
        let batch = |modules, inputs| v1::ExecuteBatchRequest {
            request: Some(request(modules, 256)),
            inputs_json: vec![String::new(); inputs],
            parallelism: 1,
        };
        let put = |modules| v1::PutFunctionRequest { source: Some(source(modules)), ..Default::default() };
        assert!(fits(&request(256, 256).encode_to_vec(), &EXECUTE));
        assert!(fits(&batch(256, 10_000).encode_to_vec(), &BATCH));
        assert!(fits(&put(256).encode_to_vec(), &PUT));
        assert!(!fits(&request(0, 20_000).encode_to_vec(), &EXECUTE));
        assert!(!fits(&request(20_000, 0).encode_to_vec(), &EXECUTE));
        assert!(!fits(&batch(20_000, 0).encode_to_vec(), &BATCH));
        assert!(!fits(&batch(0, 20_000).encode_to_vec(), &BATCH));
        assert!(!fits(&put(20_000).encode_to_vec(), &PUT));
    }

    #[test]
    fn what_is_malformed_is_left_to_the_decoder() {
        for bytes in [&[0xff; 20][..], &[0x0a, 0xff], &[0x0b], &[0x0a, 5, 1], &[0x08], &[0x09, 1]] {
            assert!(fits(bytes, &EXECUTE), "{bytes:?}");
        }
    }
}
