//! WebSockets that end here: calls and batches of one client over one connection, each served as if it had
//! come by HTTP.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use frame::id::Id;
use futures_util::FutureExt;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use http::Request;
use hyper::body::Incoming;
use hyper::upgrade;
use hyper::upgrade::OnUpgrade;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;
use tokio::time::Interval;
use tokio::time::MissedTickBehavior;
use tokio::time::interval_at;
use tokio::time::sleep;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::client::Client;
use crate::client::Way;
use crate::crowd::Presence;
use crate::live::Snapshot;
use crate::metrics::Ending;
use crate::reply::Refusal;
use crate::reply::Reply;
use crate::reply::Voice;
use crate::socket::door::Closed;
use crate::socket::line::Heard;
use crate::socket::line::Line;
use crate::socket::line::Said;
use crate::socket::pulse::Beat;
use crate::socket::pulse::Pulse;
use crate::turn::Turn;
use crate::worker::Worker;

mod door;
mod line;
mod pulse;
mod served;

/// How long the end of a socket may take: what is left to be written, and the client's own close.
const END: Duration = Duration::from_secs(1);

/// A socket that counts; dropping it counts it out.
struct Open {
    worker: Arc<Worker>,
    _presence: Presence,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.worker.metrics.sockets.open.dec();
    }
}

/// Opens a socket for a request to upgrade, or says why not.
#[must_use]
pub fn open(
    worker: &Arc<Worker>,
    snapshot: &Snapshot,
    mut request: Request<Incoming>,
    (mut client, turn): (Client, Turn),
) -> Reply {
    let settings = &snapshot.settings;
    let judged = door::judge(request.headers(), &settings.config.ws);
    let entered = judged.and_then(|accepted| {
        let presence = door::enter(worker, snapshot, &client)?;
        Ok((accepted, presence))
    });
    let ((accept, protocol), presence) = match entered {
        Ok(entered) => entered,
        Err(closed) => return refused(worker, &settings.voice, closed),
    };
    worker.metrics.sockets.open.inc();
    let open = Open {
        worker: Arc::clone(worker),
        _presence: presence,
    };
    // What traces the handshake says nothing of the calls that come after it.
    (client.trail, client.way) = (None, Way::WebSocket);
    let upgrading = upgrade::on(&mut request);
    let socket = live(Arc::clone(worker), upgrading, client, turn);
    worker.tasks.spawn(async move {
        let _open = open;
        socket.await;
    });
    Voice::web_socket(accept, protocol)
}

fn refused(worker: &Worker, voice: &Voice, closed: Closed) -> Reply {
    worker.metrics.rejected(match closed {
        Closed::Full => Refusal::Overloaded.reason(),
        Closed::Version | Closed::Handshake(_) | Closed::Origin => "invalid_request",
    });
    match closed {
        Closed::Version => voice.unknown_web_socket(),
        Closed::Handshake(why) => voice.bad_request(why),
        Closed::Origin => voice.foreign_origin(),
        Closed::Full => voice.refuse(Id::NULL, Refusal::Overloaded, &[]),
    }
}

/// A socket from its first frame to its end.
async fn live(worker: Arc<Worker>, upgrading: OnUpgrade, client: Client, turn: Turn) {
    // Who has left by now has opened nothing.
    let Ok(upgraded) = upgrading.await else {
        return;
    };
    let settings = Arc::clone(&worker.live.snapshot().settings);
    let ws = &settings.config.ws;
    let line = Line::new(TokioIo::new(upgraded), ws.message_bytes).await;
    let mut socket = Socket {
        pings: pings(&worker, ws.ping_interval),
        worker,
        client,
        line,
        calls: FuturesUnordered::new(),
        turns: Arc::new(Semaphore::new(1)),
        pulse: Pulse::default(),
        calls_max: ws.calls_max,
        queue_bytes: ws.queue_bytes,
    };
    let ending = socket.serve().await;
    socket.worker.metrics.sockets.ended(ending);
    // What nobody waits for any more is cancelled before the last words.
    socket.calls.clear();
    socket.end(ending, &turn).await;
}

/// Somewhere in the second half of the first interval, so that sockets that were opened together are not
/// asked together.
fn pings(worker: &Worker, every: Duration) -> Interval {
    let first = every.mul_f64(0.5 + fastrand::f64() / 2.0);
    let first = worker.clock.instant(worker.clock.now().after(first));
    let mut pings = interval_at(first, every);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pings
}

/// What a socket is made of while it is open.
struct Socket {
    worker: Arc<Worker>,
    client: Client,
    line: Line<TokioIo<Upgraded>>,
    /// Messages that are being served; dropping them cancels them as a client's leaving does.
    calls: FuturesUnordered<BoxFuture<'static, Option<Said>>>,
    /// The turn to hold a long answer.
    turns: Arc<Semaphore>,
    pulse: Pulse,
    pings: Interval,
    calls_max: usize,
    queue_bytes: usize,
}

/// What happens next.
enum Next {
    Heard(Heard),
    Answered(Option<Said>),
    Beat,
    Leave,
}

impl Socket {
    async fn serve(&mut self) -> Ending {
        let mut leaving = Box::pin(leave(Arc::clone(&self.worker)));
        loop {
            match self.next(leaving.as_mut()).await {
                Next::Heard(Heard::Message(message)) => {
                    self.pulse.heard();
                    self.call(message);
                }
                Next::Heard(Heard::Sign) => self.pulse.heard(),
                Next::Heard(Heard::Close) => return Ending::Client,
                Next::Heard(Heard::End(ending)) => return ending,
                Next::Answered(Some(said)) => {
                    self.worker.metrics.sockets.sent.inc();
                    self.line.push(said);
                }
                Next::Answered(None) => {}
                Next::Beat => match self.pulse.beat(self.listens()) {
                    Beat::Ping => self.line.ping(),
                    Beat::Rest => {}
                    Beat::Gone => return Ending::Silent,
                },
                Next::Leave => return self.finish().await,
            }
        }
    }

    /// Whether the client is read from.
    fn listens(&self) -> bool {
        self.calls.len() < self.calls_max && self.line.bytes() < self.queue_bytes
    }

    async fn next(&mut self, leaving: Pin<&mut impl Future<Output = ()>>) -> Next {
        let bytes_max = match self.calls.len() < self.calls_max {
            true => self.queue_bytes,
            false => 0,
        };
        tokio::select! {
            heard = poll_fn(|cx| self.line.poll(cx, bytes_max)) => Next::Heard(heard),
            Some(said) = self.calls.next(), if !self.calls.is_empty() => Next::Answered(said),
            _beat = self.pings.tick() => Next::Beat,
            () = leaving => Next::Leave,
        }
    }

    fn call(&mut self, message: Bytes) {
        self.worker.metrics.sockets.received.inc();
        let worker = Arc::clone(&self.worker);
        let turns = Arc::clone(&self.turns);
        let served = served::answer(worker, self.client.clone(), message, turns);
        self.calls.push(served.boxed());
    }

    /// What was asked is still answered, and nothing more is heard.
    async fn finish(&mut self) -> Ending {
        while !self.calls.is_empty() {
            tokio::select! {
                Some(said) = self.calls.next() => {
                    if let Some(said) = said {
                        self.worker.metrics.sockets.sent.inc();
                        self.line.push(said);
                    }
                }
                heard = poll_fn(|cx| self.line.poll(cx, 0)) => {
                    if let Heard::End(ending) = heard {
                        return ending;
                    }
                }
            }
        }
        Ending::Drain
    }

    /// Says why, and waits a moment for the client to say that it has heard.
    async fn end(mut self, ending: Ending, turn: &Turn) {
        let (code, why) = match ending {
            Ending::Drain => (CloseCode::Away, "this server leaves"),
            Ending::TooBig => (CloseCode::Size, "the message is too large"),
            Ending::Protocol => (CloseCode::Protocol, "not a valid frame"),
            Ending::NotText => (CloseCode::Invalid, "not UTF-8"),
            // It is gone, or closes by itself; what it has not taken is forgotten at once.
            Ending::Silent | Ending::Slow => return turn.break_off(),
            Ending::Client => {
                let _closed = timeout(END, self.hear_out()).await;
                return;
            }
        };
        let last_words = async {
            let written = poll_fn(|cx| self.line.poll_out(cx)).await;
            self.line.close(CloseFrame {
                code,
                reason: why.into(),
            });
            let told = written.is_ok() && poll_fn(|cx| self.line.poll_out(cx)).await.is_ok();
            if told && ending == Ending::Drain {
                return self.hear_out().await;
            }
            // What still comes is read away, so that the end is not lost in a reset.
            turn.turn_deaf();
            let _gone = self.line.stream().shutdown().await;
        };
        let _ended = timeout(END, last_words).await;
    }

    /// Reads until the client has closed as well.
    async fn hear_out(&mut self) {
        let mut heard = Heard::Sign;
        while !matches!(heard, Heard::End(_)) {
            heard = poll_fn(|cx| self.line.poll(cx, usize::MAX)).await;
        }
    }
}

/// Ready when it is this socket's turn to leave: all of them over three quarters of the time there is, so
/// that not all clients come to another server at once.
async fn leave(worker: Arc<Worker>) {
    let mut leaving = worker.live.readiness.leaving();
    // It only ends with the process.
    let _told = leaving.wait_for(|leaving| *leaving).await.map(drop);
    let settings = Arc::clone(&worker.live.snapshot().settings);
    let window = settings.config.timeouts.drain.mul_f64(0.75);
    sleep(window.mul_f64(fastrand::f64())).await;
}

#[cfg(test)]
mod tests;
