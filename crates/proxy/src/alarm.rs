//! A timer for deadlines that are nearly always met: set only by who waits, and moved seldom.

use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use rules::moment::Moment;
use tokio::time::Sleep;
use tokio::time::sleep_until;

use crate::clock::Clock;

/// One timer for one deadline after another. Whoever is served at once never sets it.
#[derive(Debug)]
pub struct Alarm {
    clock: Clock,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// Not set yet.
    #[must_use]
    pub const fn new(clock: Clock) -> Self {
        Self { clock, sleep: None }
    }

    /// Ready when `due` has come; otherwise the task is woken by then. A deadline later than the one
    /// before does not move the timer: it rings too early, and goes on.
    pub fn poll(&mut self, cx: &mut Context<'_>, due: Moment) -> Poll<()> {
        let due = self.clock.instant(due);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if sleep.deadline() > due {
            sleep.as_mut().reset(due);
        }
        loop {
            std::task::ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() == due {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(due);
        }
    }
}

#[cfg(test)]
mod tests;
