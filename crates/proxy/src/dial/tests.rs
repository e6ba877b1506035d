//! Pipes in place of sockets, so that a whole proxy runs in a test without a port.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use tokio::io::DuplexStream;
use tokio::sync::mpsc;

use super::*;
use crate::names::tests::Book;
use crate::names::tests::Page;

mod stories;

/// Bytes a pipe holds before its writer waits.
const PIPE_BYTES: usize = 64 * 1024;

/// Pipes that wait to be accepted; as deep as a kernel's backlog, so that a crowd is not refused.
const QUEUED_MAX: usize = 1024;

/// The first address that a name gets.
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

/// Who answers at which address. One where nobody is refuses connections.
#[derive(Debug, Default)]
pub struct Pipes {
    hosts: Mutex<HashMap<IpAddr, mpsc::Sender<DuplexStream>>>,
    named: Mutex<HashMap<String, IpAddr>>,
    /// The addresses behind names.
    pub(crate) book: Book,
}

impl Pipes {
    /// Lets somebody answer at a name: the other ends of opened pipes arrive in the queue.
    pub fn host(&self, name: &str) -> mpsc::Receiver<DuplexStream> {
        let mut named = self.named.lock().unwrap();
        let count = u32::try_from(named.len()).unwrap();
        let next = IpAddr::from(Ipv4Addr::from_bits(FIRST.to_bits() + count));
        let address = *named.entry(name.to_owned()).or_insert(next);
        self.book.write(name, Page::Says(vec![address]));
        self.at(address)
    }

    /// Lets somebody answer at an address.
    pub(crate) fn at(&self, address: IpAddr) -> mpsc::Receiver<DuplexStream> {
        let (opened, accepted) = mpsc::channel(QUEUED_MAX);
        self.hosts.lock().unwrap().insert(address, opened);
        accepted
    }

    /// Nobody answers at that name any more.
    pub fn forget(&self, name: &str) {
        if let Some(address) = self.named.lock().unwrap().get(name) {
            self.hosts.lock().unwrap().remove(address);
        }
    }

    pub(super) fn open(&self, address: IpAddr) -> io::Result<DuplexStream> {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let hosts = self.hosts.lock().unwrap();
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        hosts
            .get(&address)
            .ok_or_else(refused)?
            .try_send(theirs)
            .map_err(|_| refused())?;
        Ok(ours)
    }
}
