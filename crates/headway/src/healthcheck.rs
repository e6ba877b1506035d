//! Asks a running Headway how it is, without a shell or curl in the image.

use std::io;
use std::io::Read;
use std::io::Write;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

use config::problem::Problem;

use crate::arguments::Healthcheck;
use crate::say;
use crate::show;

/// Bytes of the answer's first line.
const LINE_BYTES: usize = 12;

/// Exit code 0 when it is well; silent then, because keepalived asks every second.
pub(crate) fn run(wanted: &Healthcheck) -> ExitCode {
    let address = match address(wanted) {
        Ok(Some(address)) => address,
        Ok(None) => {
            say::error("healthcheck: no admin address is configured; give one with --admin");
            return ExitCode::from(2);
        }
        Err(found) => return show::problems(&found),
    };
    let path = if wanted.ready { "/readyz" } else { "/livez" };
    let wait = Duration::from_millis(wanted.timeout_ms);
    match status(reachable(address), path, wait) {
        Ok(200) => ExitCode::SUCCESS,
        Ok(status) => {
            say::error(&format!("healthcheck: {path} at {address} says {status}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            say::error(&format!("healthcheck: {address}: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// The address given, else the configured one.
fn address(wanted: &Healthcheck) -> Result<Option<SocketAddr>, Vec<Problem>> {
    match wanted.admin {
        Some(address) => Ok(Some(address)),
        None => Ok(show::load(&wanted.configured)?.config.admin.listen),
    }
}

/// A server that listens on every address is asked on this machine's own.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V4(_) | IpAddr::V6(_) => address.ip(),
    };
    SocketAddr::new(ip, address.port())
}

fn status(address: SocketAddr, path: &str, wait: Duration) -> io::Result<u16> {
    let mut stream = TcpStream::connect_timeout(&address, wait)?;
    stream.set_read_timeout(Some(wait))?;
    stream.set_write_timeout(Some(wait))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut line = [0; LINE_BYTES];
    stream.read_exact(&mut line)?;
    let code = line
        .get(9..)
        .and_then(|code| std::str::from_utf8(code).ok());
    let code = code.and_then(|code| code.parse().ok());
    code.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer"))
}
