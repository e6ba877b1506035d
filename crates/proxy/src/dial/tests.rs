//! Pipes in place of sockets, so that a whole proxy runs in a test without a port.

use std::collections::HashMap;
use std::io;
use std::sync::Mutex;

use tokio::io::DuplexStream;
use tokio::sync::mpsc;

/// Bytes a pipe holds before its writer waits.
const PIPE_BYTES: usize = 64 * 1024;

/// Pipes that wait to be accepted; as deep as a kernel's backlog, so that a crowd is not refused.
const QUEUED_MAX: usize = 1024;

/// Who answers at which host name. A name that is not there refuses connections.
#[derive(Debug, Default)]
pub struct Pipes {
    hosts: Mutex<HashMap<String, mpsc::Sender<DuplexStream>>>,
}

impl Pipes {
    /// Lets somebody answer at a name: the other ends of opened pipes arrive in the queue.
    pub fn host(&self, name: &str) -> mpsc::Receiver<DuplexStream> {
        let (opened, accepted) = mpsc::channel(QUEUED_MAX);
        self.hosts.lock().unwrap().insert(name.to_owned(), opened);
        accepted
    }

    /// Nobody answers at that name any more.
    pub fn forget(&self, name: &str) {
        self.hosts.lock().unwrap().remove(name);
    }

    pub(super) fn open(&self, host: &str) -> io::Result<DuplexStream> {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let hosts = self.hosts.lock().unwrap();
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        hosts
            .get(host)
            .ok_or_else(refused)?
            .try_send(theirs)
            .map_err(|_| refused())?;
        Ok(ours)
    }
}
