//! HTTP clients that dawdle or leave, over bare connections.

use super::calls::endless;
use super::mix::Drawn;
use super::world::World;
use crate::request;
use ampoule_api::request_to_proto;
use ampoule_api::v1::{ExecuteRequest, ExecuteResponse, Status};
use ampoule_model::Language;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What is read at a time, and the pause before it.
const SIP: (usize, Duration) = (16 << 10, Duration::from_millis(10));

/// What is printed for the slow reader: more than the kernel's buffers take.
const PRINTED: usize = 900_000;

async fn connect(world: &World) -> Result<TcpStream, String> {
    TcpStream::connect(&world.http).await.map_err(|error| error.to_string())
}

fn message(world: &World, drawn: &Drawn, asked: &ExecuteRequest) -> Result<Vec<u8>, String> {
    let body = serde_json::to_string(asked).map_err(|error| error.to_string())?;
    let head = format!(
        "POST /v1/execute HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\nx-api-key: {}\r\n\
         content-length: {}\r\n\r\n",
        world.key(drawn.who),
        body.len()
    );
    Ok((head + &body).into_bytes())
}

/// Reads a large answer in sips; it must be whole.
pub(crate) async fn slow_reader(world: &World, drawn: &Drawn) -> Result<(), String> {
    let source = "def main(size):\n    print('x' * size)\n    return size\n";
    let asked = request_to_proto(request(Language::Python, source, &format!("{{\"size\": {PRINTED}}}")));
    let mut stream = connect(world).await?;
    let said = |error: std::io::Error| error.to_string();
    stream.write_all(&message(world, drawn, &asked)?).await.map_err(said)?;
    let (mut answer, mut sip) = (Vec::new(), vec![0; SIP.0]);
    loop {
        tokio::time::sleep(SIP.1).await;
        match stream.read(&mut sip).await.map_err(said)? {
            0 => break,
            length => answer.extend_from_slice(&sip[..length]),
        }
    }
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text.split_once("\r\n\r\n").ok_or("the answer has no head")?;
    let body = unchunked(body).ok_or_else(|| format!("a chunk is cut off: {head}"))?;
    let answer: ExecuteResponse =
        serde_json::from_str(&body).map_err(|error| format!("{error} after {} bytes: {head}", body.len()))?;
    let whole = answer.status() == Status::Completed && answer.stdout.len() == PRINTED + 1;
    if whole { Ok(()) } else { Err(format!("{:?}, {} bytes printed", answer.status(), answer.stdout.len())) }
}

/// The content of a body with `Transfer-Encoding: chunked`, as large answers have; `None` if its last chunk
/// is missing.
fn unchunked(mut body: &str) -> Option<String> {
    let mut content = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n")?;
        let size = usize::from_str_radix(size, 16).ok()?;
        content.push_str(rest.get(..size)?);
        body = rest.get(size..)?.strip_prefix("\r\n")?;
        if size == 0 {
            return Some(content);
        }
    }
}

/// Sends a request that loops, and closes the connection a moment later.
pub(crate) async fn leaves(world: &World, drawn: &Drawn) -> Result<(), String> {
    let mut stream = connect(world).await?;
    let message = message(world, drawn, &endless(drawn.language))?;
    stream.write_all(&message).await.map_err(|error| error.to_string())?;
    tokio::time::sleep(Duration::from_micros(drawn.dice % 10_000)).await;
    Ok(())
}

/// Breaks off in the midst of a body.
pub(crate) async fn half_body(world: &World, drawn: &Drawn) -> Result<(), String> {
    let mut stream = connect(world).await?;
    let message = message(world, drawn, &endless(drawn.language))?;
    stream.write_all(&message[..message.len() - 20]).await.map_err(|error| error.to_string())?;
    tokio::time::sleep(Duration::from_micros(drawn.dice % 5_000)).await;
    Ok(())
}
