//! The body of an answer: whole, or broken off in the middle.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;

use bytes::Bytes;
use hyper::body::Frame;
use hyper::body::SizeHint;
use tokio::sync::watch;

/// What goes on on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// No request has come yet.
    Fresh,
    Busy,
    /// A request was answered, and the next has not come.
    Idle,
    /// To be closed, with what was written so far.
    Closing,
    /// To be reset.
    Resetting,
}

/// Sends `left`, which may be less than the `announced` number of bytes.
#[derive(Debug)]
pub(crate) struct Body {
    left: Option<Bytes>,
    announced: u64,
    broken: Option<Arc<watch::Sender<Doing>>>,
}

impl Body {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self {
            announced: bytes.len() as u64,
            left: Some(bytes),
            broken: None,
        }
    }

    /// Announces all bytes and sends the first half; the connection is then told to close.
    pub(crate) fn half(bytes: &Bytes, doing: Arc<watch::Sender<Doing>>) -> Self {
        Self {
            announced: bytes.len() as u64,
            left: Some(bytes.slice(..bytes.len() / 2)),
            broken: Some(doing),
        }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(bytes) = self.left.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match &self.broken {
            // hyper flushes before it rests, so the first half is out when the connection closes.
            Some(doing) => {
                doing.send_replace(Doing::Closing);
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.announced == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
