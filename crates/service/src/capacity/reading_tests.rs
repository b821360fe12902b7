//! Readers who come, who do not, and who come slowly.

use super::*;

const TIMEOUT: Duration = Duration::from_millis(200);

/// Gives so many pieces, then has nothing more to say, or ends.
struct Source {
    pieces: usize,
    size: usize,
    ends: bool,
    /// Held for as long as the body is.
    _held: Arc<()>,
}

impl Body for Source {
    type Data = Bytes;
    type Error = Late;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Late>>> {
        match self.pieces.checked_sub(1) {
            Some(left) => {
                self.pieces = left;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; self.size])))))
            }
            None if self.ends => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

fn reading(
    pieces: usize,
    size: usize,
    ends: bool,
) -> (impl Body<Data = Bytes, Error = Late> + Unpin, Weak<()>) {
    let held = Arc::new(());
    let watched = Arc::downgrade(&held);
    let source = Source { pieces, size, ends, _held: held };
    (Reading::new(source, TIMEOUT, Err), watched)
}

/// What the reader gets; `None`: nothing now.
async fn read<B: Body<Data = Bytes> + Unpin>(body: &mut B) -> Option<Option<Result<Bytes, B::Error>>> {
    let frame = poll_fn(|context| Poll::Ready(Pin::new(&mut *body).poll_frame(context))).await;
    match frame {
        Poll::Pending => None,
        Poll::Ready(frame) => {
            Some(frame.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_default())))
        }
    }
}

async fn until_gone(held: &Weak<()>) {
    let started = Instant::now();
    while held.strong_count() > 0 {
        assert!(started.elapsed() < Duration::from_secs(20), "it is held for ever");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_nobody_reads_is_given_up_and_the_reader_is_told_when_it_comes() {
    let (mut body, held) = reading(10, PIECE, true);
    assert!(matches!(read(&mut body).await, Some(Some(Ok(_)))));
    until_gone(&held).await;
    let Some(Some(Err(late))) = read(&mut body).await else { panic!("it is given up") };
    assert!(late.to_string().contains("lay unread for 0.2 s"), "{late}");
    assert!(matches!(read(&mut body).await, Some(None)), "and ends");
}

#[tokio::test]
async fn a_stream_that_has_nothing_to_say_is_not_unread() {
    // One whose reader waits, one whose reader does not even ask.
    let (mut asked, held) = reading(1, 5, false);
    assert!(matches!(read(&mut asked).await, Some(Some(Ok(_)))));
    assert!(read(&mut asked).await.is_none());
    let (mut unasked, unasked_held) = reading(1, 5, false);
    assert!(matches!(read(&mut unasked).await, Some(Some(Ok(_)))));
    tokio::time::sleep(TIMEOUT * 3).await;
    assert_eq!((held.strong_count(), unasked_held.strong_count()), (1, 1));
    assert!(read(&mut asked).await.is_none() && read(&mut unasked).await.is_none());
    // One that has is.
    let (_body, held) = reading(2, 5, false);
    until_gone(&held).await;
}

#[tokio::test]
async fn a_reader_that_takes_a_little_now_and_then_does_not_hold_it_for_ever() {
    let (mut body, _held) = reading(1000, 100, true);
    for _ in 0..20 {
        // Never for as long as the timeout, but a hundred bytes make up for two thousandths of a second only.
        tokio::time::sleep(TIMEOUT * 3 / 5).await;
        match read(&mut body).await {
            Some(Some(Ok(piece))) => assert_eq!(piece.len(), 100),
            other => {
                assert!(matches!(other, Some(Some(Err(Late { .. })))), "{other:?}");
                return;
            }
        }
    }
    panic!("it may go on for ever");
}

#[tokio::test]
async fn a_large_frame_is_read_whole_and_in_pieces() {
    let (mut body, held) = reading(3, 10 * PIECE + 1, true);
    let mut length = 0;
    loop {
        match read(&mut body).await {
            Some(Some(Ok(piece))) => {
                assert!(piece.len() <= PIECE);
                length += piece.len();
            }
            // Others have their turn.
            None => continue,
            Some(end) => {
                assert!(end.is_none());
                break;
            }
        }
    }
    assert_eq!(length, 3 * (10 * PIECE + 1));
    drop(body);
    until_gone(&held).await;
}
