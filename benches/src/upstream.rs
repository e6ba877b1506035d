//! A node that costs as little as a node can: it answers at once and is never what a race waits for.

use std::io;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use bytes::BytesMut;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

use crate::say;
use crate::wire;

/// The end of an address that becomes its balance, so that an answer shows what was asked.
const BALANCE_DIGITS: usize = 16;

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    method: &'a str,
    #[serde(borrow)]
    params: &'a RawValue,
}

/// Serves until the process is ended.
pub(crate) async fn run() -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    say::line(&format!("serving address={}", listener.local_addr()?));
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            if let Err(error) = serve(stream).await {
                say::error(&format!("upstream: {error}"));
            }
        });
    }
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = BytesMut::with_capacity(4096);
    let mut written = String::new();
    while stream.read_buf(&mut read).await? > 0 {
        written.clear();
        while let Some(message) = wire::first(&read)? {
            let body = answer(message.body, unix_seconds());
            let bytes = message.bytes;
            written
                .push_str("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ");
            written.push_str(&body.len().to_string());
            written.push_str("\r\n\r\n");
            written.push_str(&body);
            drop(read.split_to(bytes));
        }
        stream.write_all(written.as_bytes()).await?;
    }
    Ok(())
}

/// The answer to a body; there is one block a second, numbered by the second.
fn answer(body: &[u8], now: u64) -> String {
    let Ok(call) = serde_json::from_slice::<Call<'_>>(body) else {
        return error("null", -32700, "not a call");
    };
    let result = match call.method {
        "eth_getBalance" => balance(call.params.get()),
        "eth_getBlockByNumber" => block(call.params.get(), now),
        "eth_blockNumber" => Some(format!("\"0x{now:x}\"")),
        "eth_chainId" => Some("\"0x4571\"".to_owned()),
        "eth_gasPrice" => Some("\"0x22ecb25c00\"".to_owned()),
        _ => return error(call.id.get(), -32601, "method not found"),
    };
    match result {
        Some(result) => format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, call.id),
        None => error(call.id.get(), -32602, "not the parameters of a bench"),
    }
}

fn error(id: &str, code: i32, message: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":"{message}"}}}}"#)
}

fn balance(params: &str) -> Option<String> {
    let address = params.split('"').nth(1)?;
    let digits = address.get(address.len().checked_sub(BALANCE_DIGITS)?..)?;
    Some(format!("\"0x{digits}\""))
}

fn block(params: &str, now: u64) -> Option<String> {
    let number = match params.split('"').nth(1)? {
        "latest" => now,
        number => u64::from_str_radix(number.strip_prefix("0x")?, 16).ok()?,
    };
    let parent = number.saturating_sub(1);
    Some(format!(
        r#"{{"number":"0x{number:x}","hash":"0x{number:064x}","parentHash":"0x{parent:064x}","timestamp":"0x{number:x}","transactions":[]}}"#
    ))
}

fn unix_seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests;
