//! The only place that asks what time it is.

use std::time::SystemTime;

use rules::moment::Moment;
use rules::moment::micros;
use tokio::time::Instant;

/// The process's monotonic scale; a copy shows the same time. Tests stop it with tokio's clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A scale that starts now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this file is the one that asks")]
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// Now, on this scale.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this file is the one that asks")]
    pub fn now(&self) -> Moment {
        Moment::from_micros(micros(Instant::now().duration_since(self.start)))
    }

    /// A moment of this scale as tokio's timers want it.
    #[must_use]
    pub fn instant(&self, moment: Moment) -> Instant {
        self.start + moment.since(Moment::ZERO)
    }
}

/// The wall clock as nginx's `$time_local` shows it.
#[must_use]
pub fn local_time() -> impl std::fmt::Display {
    jiff::Zoned::now().strftime("%d/%b/%Y:%H:%M:%S %z")
}

/// The wall clock as programs read it (RFC 3339, UTC).
#[must_use]
pub fn timestamp() -> impl std::fmt::Display {
    jiff::Timestamp::now()
}

/// Seconds since 1970 by the wall clock; 0 when that is set before 1970.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this file is the one that asks")]
pub fn wall_seconds() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// The wall clock as HTTP writes it (RFC 9110, section 5.6.7).
#[must_use]
pub fn http_date() -> String {
    let seconds = i64::try_from(wall_seconds()).unwrap_or(0);
    let now = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    // No time of this century fails to be written.
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&now)
        .unwrap_or_default()
}
