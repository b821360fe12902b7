//! Requests that come compressed by gzip: each message is unpacked here, so that what is behind sees it as if
//! it had come plain.
//!
//! gzip says at its end how large the message is that it holds. That is compared with what the service takes,
//! and memory is set aside for it, before anything is unpacked; and nothing is unpacked beyond what it says.
//! So a small message that would become a huge one costs no more than itself.

use crate::status;
use ampoule_service::BodyReservation;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use flate2::bufread::GzDecoder;
use futures_util::stream;
use http::{HeaderMap, HeaderName};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use std::io::Read;
use tonic::Status;
use tonic::body::Body;
use tonic::metadata::MetadataValue;

const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPTED: &str = "grpc-accept-encoding";
const GZIP: &str = "gzip";
const PLAIN: &str = "identity";

/// Before each message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// The head and the end of gzip, with nothing in between.
const LEAST: usize = 18;

/// Unpacking more than this takes a millisecond, which is not spent where others' requests wait for it.
const MUCH: usize = 256 << 10;

/// Whether messages may come compressed. The header is gone then, as what comes from here does not.
pub(crate) fn takes(headers: &mut HeaderMap) -> Result<bool, Status> {
    let Some(encoding) = headers.remove(ENCODING) else { return Ok(false) };
    match encoding.as_bytes() {
        encoding if encoding == GZIP.as_bytes() => Ok(true),
        encoding if encoding == PLAIN.as_bytes() => Ok(false),
        _ => {
            let mut status =
                Status::unimplemented("messages are compressed by what is not taken here: use gzip or none");
            status.metadata_mut().insert(ACCEPTED, MetadataValue::from_static("gzip,identity"));
            Err(status)
        }
    }
}

/// A body of messages that may be compressed, of which none is larger than `most`. `incoming` sets memory
/// aside for what they unpack to.
pub(crate) fn unpacking(body: Body, most: usize, incoming: Option<BodyReservation>) -> Body {
    let packed = Packed { body, begun: BytesMut::new(), most, incoming, broken: false };
    let messages = stream::unfold(packed, |mut packed| async move {
        let message = packed.next().await?;
        packed.broken = message.is_err();
        Some((message.map(Frame::data), packed))
    });
    Body::new(StreamBody::new(messages))
}

struct Packed {
    body: Body,
    /// What has come of the next message.
    begun: BytesMut,
    most: usize,
    incoming: Option<BodyReservation>,
    /// An error was the last that was told.
    broken: bool,
}

impl Packed {
    /// The next message, or what is left of one that is cut off, for who decodes it to find.
    async fn next(&mut self) -> Option<Result<Bytes, Status>> {
        if self.broken {
            return None;
        }
        loop {
            if let Some((is_packed, length)) = self.prefix() {
                if length > self.most {
                    // Refused by its prefix.
                    let prefix = self.begun.split_to(PREFIX);
                    self.begun.clear();
                    return Some(Ok(prefix.freeze()));
                }
                if self.begun.len() >= PREFIX + length {
                    let message = self.begun.split_to(PREFIX + length);
                    return Some(if is_packed { self.unpack(message).await } else { Ok(message.freeze()) });
                }
                self.begun.reserve(PREFIX + length - self.begun.len());
            }
            let Some(frame) = self.body.frame().await else {
                let rest = self.begun.split();
                return (!rest.is_empty()).then(|| Ok(rest.freeze()));
            };
            match frame {
                // Requests have no trailers that mean anything.
                Ok(frame) => self.begun.put(frame.into_data().unwrap_or_default()),
                Err(status) => return Some(Err(status)),
            }
        }
    }

    fn prefix(&self) -> Option<(bool, usize)> {
        let (flag, mut length) = self.begun.get(..PREFIX)?.split_first()?;
        // Flags that are none are for who decodes it.
        Some((*flag == 1, length.get_u32() as usize))
    }

    async fn unpack(&mut self, mut message: BytesMut) -> Result<Bytes, Status> {
        message.advance(PREFIX);
        let (packed, most) = (message.freeze(), self.most);
        if packed.is_empty() {
            return Ok(plain(0).into());
        }
        let size = said_size(&packed).ok_or_else(malformed)?;
        if size > most {
            return Err(Status::invalid_argument(format!(
                "the message is too large: it unpacks to {size} bytes, and the server takes at most {most}: send less in \
                 input_json, files or source"
            )));
        }
        if let Some(incoming) = &mut self.incoming {
            incoming.expect(size as u64).map_err(|error| {
                incoming.count_refused(&error);
                status::of_error(&error)
            })?;
        }
        if size <= MUCH {
            return unpacked(&packed, size);
        }
        // Calls without a tenant are limited to messages far smaller than this.
        let Some(incoming) = &self.incoming else { return unpacked(&packed, size) };
        // A panic is a bug, and this call's own.
        ampoule_service::aside(incoming.tenant(), async move { unpacked(&packed, size) })
            .await
            .unwrap_or_else(|| Err(malformed()))
    }
}

/// What gzip says of the size of what it holds: its last four bytes.
fn said_size(packed: &[u8]) -> Option<usize> {
    let end = packed.get(LEAST.max(packed.len()) - 4..)?;
    Some(u32::from_le_bytes(end.try_into().ok()?) as usize)
}

fn malformed() -> Status {
    Status::invalid_argument(
        "the message is not compressed by gzip as it says: send it again, or uncompressed",
    )
}

/// The beginning of a message that is not compressed.
fn plain(length: usize) -> Vec<u8> {
    let mut message = Vec::with_capacity(PREFIX + length);
    message.put_u8(0);
    // Not beyond what gzip can say.
    message.put_u32(length as u32);
    message
}

/// The message as it would have come plain, if it is as large as it says.
fn unpacked(packed: &[u8], size: usize) -> Result<Bytes, Status> {
    let mut message = plain(size);
    // One byte more would be a lie.
    let mut reader = GzDecoder::new(packed).take(size as u64 + 1);
    let read = reader.read_to_end(&mut message).map_err(|_| malformed())?;
    let rest = reader.into_inner().into_inner();
    if read == size && rest.is_empty() { Ok(message.into()) } else { Err(malformed()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn message(flag: u8, content: &[u8]) -> Vec<u8> {
        let length = (content.len() as u32).to_be_bytes();
        [&[flag], &length[..], content].concat()
    }

    async fn read(sent: &[u8], frame: usize, most: usize) -> Result<Vec<u8>, Status> {
        let frames: Vec<_> = sent
            .chunks(frame)
            .map(|bytes| Ok::<_, Status>(Frame::data(Bytes::copy_from_slice(bytes))))
            .collect();
        let body = Body::new(StreamBody::new(stream::iter(frames)));
        Ok(unpacking(body, most, None).collect().await?.to_bytes().to_vec())
    }

    #[tokio::test]
    async fn messages_are_unpacked_however_the_body_is_cut() {
        let large = vec![7; MUCH + 1];
        let contents: [&[u8]; 5] = [b"abc", b"", &[9; 1000], b"plain", &large];
        let mut sent = Vec::new();
        for content in contents {
            sent.extend(if content == b"plain" { message(0, content) } else { message(1, &gzip(content)) });
        }
        sent.extend(message(1, b""));
        let mut expected: Vec<u8> = contents.iter().flat_map(|content| message(0, content)).collect();
        expected.extend(message(0, b""));
        for frame in [1, 4, 7, 100, sent.len()] {
            assert!(read(&sent, frame, MUCH + 1).await.unwrap() == expected, "by {frame}");
        }
        // What is cut off is for who decodes it.
        assert_eq!(read(&message(1, b"abc")[..7], 3, 100).await.unwrap(), message(1, b"abc")[..7]);
        assert!(read(&message(1, &[0; 101]), 50, 100).await.unwrap().starts_with(&[1, 0, 0, 0, 101]));
    }

    #[tokio::test]
    async fn lies_and_damage_are_refused() {
        let honest = gzip(&[1; 100_000]);
        let lying = |size: u32| {
            let mut packed = honest.clone();
            let end = packed.len() - 4;
            packed[end..].copy_from_slice(&size.to_le_bytes());
            packed
        };
        let mut damaged = honest.clone();
        damaged[12] ^= 0xff;
        let two = [gzip(&[1; 100]), gzip(&[1; 100])].concat();
        for packed in [
            lying(10),
            lying(99_999),
            lying(100_001),
            damaged,
            two,
            b"no gzip at all, but long\x05\0\0\0".to_vec(),
        ] {
            let refused = read(&message(1, &packed), 1000, 1 << 30).await.unwrap_err();
            assert!(refused.message().starts_with("the message is not compressed by gzip"), "{refused}");
        }
        let refused = read(&message(1, &lying(u32::MAX)), 1000, 1 << 20).await.unwrap_err();
        assert!(
            refused.message().contains("unpacks to 4294967295 bytes, and the server takes at most 1048576")
        );
    }
}
