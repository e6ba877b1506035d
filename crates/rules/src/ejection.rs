//! Taking a backend out for a while because clients' own calls keep failing there.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::moment::Moment;

/// So many failures in a row ask for an ejection.
pub const FAILURES_IN_A_ROW: u32 = 5;
/// The first ejection lasts this long; each further one twice as long.
pub const FIRST: Duration = Duration::from_secs(30);
/// No ejection lasts longer, and after this long without one the next is a first again.
pub const LONGEST: Duration = Duration::from_secs(300);

/// What clients' calls say about one backend.
#[derive(Debug, Default)]
pub struct Ejection {
    in_a_row: AtomicU32,
    times: AtomicU32,
    until_micros: AtomicU64,
    busy_until_micros: AtomicU64,
}

impl Ejection {
    /// A call was answered.
    pub fn answered(&self) {
        if self.in_a_row.load(Relaxed) != 0 {
            self.in_a_row.store(0, Relaxed);
        }
    }

    /// A call failed; true when the backend should be ejected, if its pool can spare it.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.in_a_row.fetch_add(1, Relaxed).saturating_add(1) >= FAILURES_IN_A_ROW
    }

    /// Ejects from `now` on and says for how long. Calls that were under way when it was ejected may
    /// fail too: they neither lengthen this ejection nor count as another.
    pub fn eject(&self, now: Moment) -> Duration {
        let until = Moment::from_micros(self.until_micros.load(Relaxed));
        if until > now {
            return until.since(now);
        }
        if now.since(until) > LONGEST {
            self.times.store(0, Relaxed);
        }
        let times = self.times.load(Relaxed);
        let rest = FIRST.saturating_mul(1 << times.min(8)).min(LONGEST);
        let (old, new) = (until.as_micros(), now.after(rest).as_micros());
        let first = self
            .until_micros
            .compare_exchange(old, new, Relaxed, Relaxed);
        if first.is_ok() {
            self.times.store(times.saturating_add(1), Relaxed);
            self.in_a_row.store(0, Relaxed);
        }
        rest
    }

    /// Ends an ejection before its time, because those left have got worse. It is not forgotten: the
    /// next one lasts longer.
    pub fn readmit(&self, now: Moment) {
        self.in_a_row.store(0, Relaxed);
        self.until_micros.fetch_min(now.as_micros(), Relaxed);
    }

    /// The backend said that it is too busy: it is left alone for a moment.
    pub fn rest(&self, now: Moment, rest: Duration) {
        let until = now.after(rest).as_micros();
        self.busy_until_micros.fetch_max(until, Relaxed);
    }

    /// How much longer a backend that was too busy is left alone.
    #[must_use]
    pub fn rests_for(&self, now: Moment) -> Duration {
        Moment::from_micros(self.busy_until_micros.load(Relaxed)).since(now)
    }

    /// The backend was down and has come back by its probes: what clients met before is history.
    pub fn forgive(&self) {
        self.in_a_row.store(0, Relaxed);
        self.until_micros.store(0, Relaxed);
        self.busy_until_micros.store(0, Relaxed);
    }

    /// Whether the backend is out at this moment.
    #[must_use]
    pub fn is_out(&self, now: Moment) -> bool {
        let until = self.until_micros.load(Relaxed);
        until.max(self.busy_until_micros.load(Relaxed)) > now.as_micros()
    }
}

#[cfg(test)]
mod tests;
