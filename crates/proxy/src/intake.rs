//! Reads a request's body: within its size, its time and the memory there is.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use bytes::Bytes;
use bytes::BytesMut;
use config::checked::Config;
use http_body::Body;
use http_body::Frame;
use hyper::body::Incoming;
use rules::moment::Moment;

use crate::alarm::Alarm;
use crate::memory::Room;
use crate::metrics::Cap;
use crate::metrics::Late;
use crate::reply::Refusal;
use crate::unpack::Coding;
use crate::unpack::Unpacking;
use crate::worker::Worker;

/// Why a body was not read.
#[derive(Debug)]
pub enum BodyFault {
    /// The client is told.
    Refused(Refusal),
    /// The client broke off.
    Gone,
}

/// Reads a whole body. A declared length that is too large is refused before a byte of the body is
/// read, so that a client waiting for `100 Continue` is spared the upload.
///
/// # Errors
/// The body is too large or too slow, memory is short, or the client broke off.
pub async fn read(
    (incoming, coding): (Incoming, Coding),
    worker: &Worker,
    config: &Config,
    room: &mut Room,
) -> Result<Bytes, BodyFault> {
    let refused = |refusal| Err(BodyFault::Refused(refusal));
    let bytes_max = config.limits.body_bytes;
    if incoming.size_hint().lower() > bytes_max as u64 {
        return refused(Refusal::TooLarge);
    }
    let mut upload = Upload {
        incoming,
        worker,
        alarm: Alarm::new(worker.clock),
        begun: None,
        since: None,
    };
    if coding == Coding::Gzip {
        // Boxed, because it is rare: every call would carry its size.
        return Box::pin(unpacked(upload, config, room)).await;
    }
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| upload.poll(cx, config)).await? {
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if first.len().max(all.len()) + data.len() > bytes_max {
            return refused(Refusal::TooLarge);
        }
        if !room.grow(data.len()) {
            worker.metrics.front.capped(Cap::BufferedBytes);
            return refused(Refusal::Overloaded);
        }
        // Most bodies are one piece, which is then not copied.
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// The same of a body that comes packed.
async fn unpacked(
    mut upload: Upload<'_>,
    config: &Config,
    room: &mut Room,
) -> Result<Bytes, BodyFault> {
    let mut unpacking = Unpacking::new(config.limits.body_bytes, room);
    while let Some(frame) = poll_fn(|cx| upload.poll(cx, config)).await? {
        if let Ok(piece) = frame.into_data() {
            unpacking.push(&piece).map_err(|why| upload.refused(why))?;
        }
    }
    unpacking.finish().map_err(|why| upload.refused(why))
}

/// A body on its way in. Its times run from where something was waited for: what has come with the
/// head costs no look at the clock.
struct Upload<'a> {
    incoming: Incoming,
    worker: &'a Worker,
    alarm: Alarm,
    /// When it was first waited for.
    begun: Option<Moment>,
    /// When its next piece was.
    since: Option<Moment>,
}

impl Upload<'_> {
    fn refused(&self, why: Refusal) -> BodyFault {
        if why == Refusal::Overloaded {
            self.worker.metrics.front.capped(Cap::BufferedBytes);
        }
        BodyFault::Refused(why)
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        config: &Config,
    ) -> Poll<Result<Option<Frame<Bytes>>, BodyFault>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.incoming).poll_frame(cx) {
            self.since = None;
            return Poll::Ready(frame.transpose().map_err(|_broken| BodyFault::Gone));
        }
        let clock = self.worker.clock;
        let since = *self.since.get_or_insert_with(|| clock.now());
        let begun = *self.begun.get_or_insert(since);
        let timeouts = &config.timeouts;
        let due = since
            .after(timeouts.body_idle)
            .min(begun.after(timeouts.body));
        std::task::ready!(self.alarm.poll(cx, due));
        self.worker.metrics.front.late(Late::Body);
        Poll::Ready(Err(BodyFault::Refused(Refusal::RequestTimeout)))
    }
}
