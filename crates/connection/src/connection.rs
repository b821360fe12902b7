//! One connection.

use crate::activity::Activity;
use crate::connections::Open;
use crate::fingerprint::Fingerprint;
use crate::preface::Preface;
use crate::socket::Socket;
use crate::turn::Turn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// Who is at the other end, as far as the connection says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// Of the certificate that it has shown, and whose key it has. Only ever of one that the clients'
    /// authority has signed.
    pub certificate: Option<Fingerprint>,
}

/// What the requests of a connection know of it.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Who sends them.
    pub peer: Peer,
    /// What they are counted in.
    pub activity: Activity,
}

/// A connection, ready for requests.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    peer: Peer,
    /// What has to come in time, as long as it has not.
    preface: Option<Preface>,
}

#[derive(Debug)]
enum Stream {
    Plain(Socket),
    Tls(Box<TlsStream<Socket>>),
}

impl Connection {
    pub(crate) fn plain(socket: Socket) -> Connection {
        Connection { stream: Stream::Plain(socket), peer: Peer::default(), preface: None }
    }

    pub(crate) fn tls(stream: TlsStream<Socket>) -> Connection {
        // Without a clients' authority none is asked for, so what is there was verified.
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let certificate = shown.map(|certificate| Fingerprint::of(certificate));
        Connection { stream: Stream::Tls(Box::new(stream)), peer: Peer { certificate }, preface: None }
    }

    /// The same, if HTTP/2 begins in time.
    pub(crate) fn with_preface(self, preface: Preface) -> Connection {
        Connection { preface: Some(preface), ..self }
    }

    /// What its requests know of it.
    pub fn accepted(&self) -> Accepted {
        Accepted { peer: self.peer, activity: Activity::of(self.open()) }
    }

    /// As what its tasks are polled.
    pub fn turn(&self) -> Turn {
        let open = self.open();
        Turn::of(open.member.clone(), Arc::clone(&open.budget))
    }

    /// Who is at the other end.
    pub fn peer(&self) -> Peer {
        self.peer
    }

    /// The socket below.
    pub fn socket(&self) -> &TcpStream {
        &self.lowest().stream
    }

    fn open(&self) -> &Open {
        &self.lowest().open
    }

    fn lowest(&self) -> &Socket {
        match &self.stream {
            Stream::Plain(socket) => socket,
            Stream::Tls(stream) => stream.get_ref().0,
        }
    }
}

/// The same call on either stream.
macro_rules! on_stream {
    ($connection:expr, $method:ident($($argument:expr),*)) => {
        match &mut $connection.stream {
            Stream::Plain(stream) => Pin::new(stream).$method($($argument),*),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).$method($($argument),*),
        }
    };
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = on_stream!(self, poll_read(context, buffer));
        let Some(preface) = &mut self.preface else { return polled };
        if preface.read(buffer.filled().len() - before) {
            self.preface = None;
        } else if polled.is_pending()
            && let Poll::Ready(error) = preface.poll(context)
        {
            self.open().meters.too_slow.inc();
            return Poll::Ready(Err(error));
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_stream!(self, poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_stream!(self, poll_write_vectored(context, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(self, poll_shutdown(context))
    }
}
