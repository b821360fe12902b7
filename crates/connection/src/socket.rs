//! A socket that ends when its connection has to make room, whatever is spoken on it.

use crate::connections::Open;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The lowest layer of a connection: handshakes end by it, too.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
    pub(crate) open: Open,
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the connection was silent and made room for another")
}

impl Socket {
    /// What the stream says, unless the connection has to end.
    fn reading<T>(&self, polled: Poll<io::Result<T>>, context: &Context<'_>) -> Poll<io::Result<T>> {
        match polled {
            Poll::Pending if self.open.signal.ends_reader(context) => Poll::Ready(Err(ended())),
            polled => polled,
        }
    }

    fn writing<T>(&self, polled: Poll<io::Result<T>>, context: &Context<'_>) -> Poll<io::Result<T>> {
        match polled {
            Poll::Pending if self.open.signal.ends_writer(context) => Poll::Ready(Err(ended())),
            polled => polled,
        }
    }

    fn check(&self) -> io::Result<()> {
        if self.open.signal.is_ended() { Err(ended()) } else { Ok(()) }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Before what has come meanwhile: nobody would answer it.
        self.check()?;
        if self.open.budget.is_spent() {
            // In its next turn.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.open.budget.spend(buffer.filled().len() - before);
        self.reading(polled, context)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.writing(polled, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.writing(polled, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        self.writing(polled, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(context);
        self.writing(polled, context)
    }
}
