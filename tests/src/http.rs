//! One HTTP request on a connection of its own, for tests that only want to know what comes back.

use std::net::SocketAddr;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::wire::Incoming;

/// Asks on a connection of its own; status and body.
pub async fn http(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (read, mut write) = stream.into_split();
    let length = body.len();
    let question = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
    write.write_all(question.as_bytes()).await.unwrap();
    let mut incoming = Incoming::new(read);
    let head = incoming.head().await.unwrap();
    let status = head.line.split(' ').nth(1).unwrap().parse().unwrap();
    let body = incoming.body(&head).await.unwrap();
    (status, String::from_utf8(body).unwrap())
}
