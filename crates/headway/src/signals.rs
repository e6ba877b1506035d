//! Signals: stop, stop at once, load the configuration again, open the logs again.

use std::io;

use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

/// The signals that ask for an end.
#[derive(Debug)]
pub(crate) struct Stop {
    terminate: Signal,
    quit: Signal,
    interrupt: Signal,
}

impl Stop {
    /// Listens from now on.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            // nginx's image stops with SIGQUIT.
            quit: signal(SignalKind::quit())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next one and says its name.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.quit.recv() => "SIGQUIT",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// SIGHUP, by which whoever changed the configuration asks for it.
pub(crate) fn reload() -> io::Result<Signal> {
    signal(SignalKind::hangup())
}

/// SIGUSR1, by which whoever moved the logs away asks for new ones.
pub(crate) fn reopen() -> io::Result<Signal> {
    signal(SignalKind::user_defined1())
}
