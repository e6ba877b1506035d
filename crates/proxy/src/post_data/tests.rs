//! Stories about the bodies of failed calls: their shape, their secrets, their length.

use std::sync::mpsc::Receiver;

use config::checked::Profile;
use prometheus::IntCounter;

use super::*;
use crate::harness::Cast;
use crate::harness::Proxy;
use crate::harness::client::batch;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::refusing;
use crate::harness::settings::config;
use crate::log_writer::Word;
use crate::logs::Logs;

const V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// The example of EIP-155, and its hash.
const SIGNED: &str = "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400\
    008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb7\
    03304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
const HASH: &str = "0x33469b22e9f636356c4160a87eb19df52b7412e8eac32a4a55ffe88ea8350788";

fn shown(duty: Duty, raw_transactions: bool, body: &str) -> String {
    let mut line = String::new();
    show(&mut line, body.as_bytes(), secret(duty, raw_transactions));
    line.replace("\\x22", "'")
}

/// What was written, without its time.
fn lines(waiting: &Receiver<Word>) -> Vec<String> {
    let timeless = |word| match word {
        Word::Line(line) => {
            let (before, rest) = line.split_once('[').unwrap();
            let (time, after) = rest.split_once(']').unwrap();
            assert_eq!(time.len(), "20/Nov/2026:20:24:57 +0000".len());
            format!("{before}[]{after}")
        }
        Word::Reopen | Word::Written(_) => panic!("nobody asked for this"),
    };
    waiting.try_iter().map(timeless).collect()
}

#[test]
fn a_line_is_that_of_the_original() {
    let (writer, waiting) = LogWriter::waiting(10, IntCounter::new("dropped", "Lines.").unwrap());
    let log = PostData::new([(Pool::Read, writer)], false);
    let call = br#"{"jsonrpc":"2.0","method":"eth_blockNumber","params":[],"id":1}"#;
    log.failed(Pool::Read, V4, (500, Sent::Calls(Duty::Read, call)));
    log.failed(
        Pool::Read,
        "2001:db8::7".parse().unwrap(),
        (504, Sent::Handshake),
    );
    // A pool without a file, and a process without this log.
    log.failed(Pool::Write, V4, (500, Sent::Calls(Duty::Send, call)));
    PostData::default().failed(Pool::Read, V4, (500, Sent::Calls(Duty::Read, call)));
    assert_eq!(
        lines(&waiting),
        [
            "127.0.0.1 [] 500 127.0.0.1 {\\x22jsonrpc\\x22:\\x222.0\\x22,\\x22method\\x22:\
             \\x22eth_blockNumber\\x22,\\x22params\\x22:[],\\x22id\\x22:1}\n",
            "2001:db8::7 [] 504 2001:db8::7 -\n",
        ]
    );
}

#[test]
fn a_transaction_is_known_by_its_hash_alone() {
    let send =
        format!("{{\"id\":7,\"method\":\"eth_sendRawTransaction\",\"params\":[\"{SIGNED}\"]}}");
    let hidden = format!(
        "{{'id':7,'method':'eth_sendRawTransaction','params':['{HASH} (transaction hidden)']}}"
    );
    assert_eq!(shown(Duty::Send, false, &send), hidden);
    assert_eq!(shown(Duty::Send, true, &send), send.replace('"', "'"));
    // Wherever else one is carried, too: to be tried out, in a batch, in an object.
    for (before, after) in [
        ("[\"", "\"]"),
        ("[{\"txs\":[\"", "\"]},\"latest\"]"),
        ("[\"a\\\"\",\"", "\"]"),
    ] {
        let text = shown(
            Duty::Heavy,
            false,
            &format!("{{\"params\":{before}{SIGNED}{after}}}"),
        );
        assert!(
            text.contains(&format!("'{HASH} (transaction hidden)'")),
            "{text}"
        );
        assert!(!text.contains("35353535"), "{text}");
    }
}

#[test]
fn a_transaction_that_is_badly_written_is_not_shown_either() {
    let digits = SIGNED.trim_start_matches("0x");
    for param in [
        format!("0x{digits}0"),
        format!("0x{digits}g0"),
        format!("0X{digits}"),
        digits.to_owned(),
        format!("\\u0030x{digits}"),
        format!("{digits}\u{e9}"),
        "0x02f86b0180843b9aca00".to_owned(),
    ] {
        let text = shown(Duty::Send, false, &format!("{{\"params\":[\"{param}\"]}}"));
        assert!(text.contains("hidden)']"), "{text}");
        assert!(!text.contains("f86"), "{text}");
    }
}

#[test]
fn what_is_no_transaction_is_shown() {
    let hash = format!("0x{}", "ab".repeat(32));
    let data = format!("0xa9059cbb{}", "00".repeat(64));
    for param in ["latest", "0x1", &hash, &data, "a \\\"quoted\\\" word", ""] {
        let body = format!("[{{\"params\":[\"{param}\"],\"id\":1}},{{\"id\":2}}]");
        let wanted = body.replace("\\\"", "\\x5C'").replace('"', "'");
        assert_eq!(shown(Duty::Read, false, &body), wanted);
    }
}

#[test]
fn a_long_body_is_cut_and_a_secret_is_not_cut_open() {
    let long = format!("{{\"params\":[\"{}\"]}}", "a".repeat(20_000));
    let text = shown(Duty::Read, false, &long);
    assert!(
        text.ends_with(&format!("aaa ({} bytes more)", long.len() - BODY_BYTES_MAX)),
        "{text}"
    );
    // A transaction that begins just before the end, and one so long that it is not hashed.
    let late = format!(
        "{{\"params\":[\"{}\",\"{SIGNED}\"]}}",
        "a".repeat(BODY_BYTES_MAX - 20)
    );
    let text = shown(Duty::Read, false, &late);
    assert!(
        text.ends_with(&format!("'{HASH} (transaction hidden) (3 bytes more)")),
        "{text}"
    );
    let huge = format!("{{\"params\":[\"0x{}\"]}}", "00".repeat(HASHED_LETTERS_MAX));
    assert_eq!(shown(Duty::Send, false, &huge), "{'params':['(hidden)']}");
}

#[test]
fn whatever_the_bytes_are_a_line_comes_of_it() {
    for body in [
        "",
        "\"",
        "\"\"",
        "\"\\",
        "\\\"",
        "{\"a",
        "no quotes",
        "\"\"\"\"",
        "\u{e9}\"\u{e9}",
    ] {
        for duty in [Duty::Read, Duty::Send] {
            let mut line = String::new();
            show(&mut line, body.as_bytes(), secret(duty, false));
            assert!(
                line.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
                "{line}"
            );
        }
    }
}

/// A drop-in whose bodies of one pool the story reads: the pool's nodes, what clients send, and the status
/// and the body of each line.
async fn failed(pool: Pool, cast: Vec<Cast>, sent: &[&str]) -> Vec<String> {
    let (writer, waiting) = LogWriter::waiting(100, IntCounter::new("dropped", "Lines.").unwrap());
    let mut logs = Logs::of(crate::access_log::Journal::default());
    logs.post_data = PostData::new([(pool, writer)], false);
    let proxy = Proxy::logging(config(Profile::TxProxy), cast, logs);
    for body in sent {
        proxy.post(*body).await;
    }
    proxy.settle().await;
    let lines = lines(&waiting);
    let short = lines.iter().map(|line| {
        let line = line.replace(" 192.0.2.7 ", " ").replace("\\x22", "'");
        line.trim_start_matches("192.0.2.7 [] ")
            .trim_end()
            .to_owned()
    });
    short.collect()
}

fn read_1(acts: impl Into<Vec<Act>>) -> Cast {
    node("read-1", Pool::Read, acts)
}

#[tokio::test(start_paused = true)]
async fn each_try_that_a_node_fails_has_its_line() {
    let body = call("7", "eth_call");
    let shown = body.replace('"', "'");
    for (acts, status) in [
        (Act::Say(500, "broken"), "500"),
        (Act::Say(503, "{}"), "503"),
        (Act::Reset, "502"),
        (Act::Hang, "504"),
    ] {
        let lines = failed(Pool::Read, vec![read_1([acts])], &[&body]).await;
        assert!(!lines.is_empty(), "{status}");
        for line in lines {
            assert_eq!(line, format!("{status} {shown}"));
        }
    }
    let nobody = vec![refusing("read-1", Pool::Read)];
    let lines = failed(Pool::Read, nobody, &[&body]).await;
    assert_eq!(lines, [format!("502 {shown}")]);
    // What another node then answers is none the less a failure of the first.
    let two = vec![
        read_1([Act::Say(500, "broken")]),
        node("read-2", Pool::Read, [Act::Echo]).far(),
    ];
    assert_eq!(
        failed(Pool::Read, two, &[&body]).await,
        [format!("500 {shown}")]
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_node_answers_or_refuses_has_none() {
    let error = r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32000,"message":"no"}}"#;
    for act in [
        Act::Echo,
        Act::Say(200, error),
        Act::Say(404, "no"),
        Act::Say(429, "busy"),
    ] {
        let lines = failed(Pool::Read, vec![read_1([act])], &[&call("7", "eth_call")]).await;
        assert_eq!(lines, [""; 0]);
    }
    let refused = call("7", "admin_peers");
    let lines = failed(Pool::Read, vec![read_1([Act::Reset])], &[&refused]).await;
    assert_eq!(lines, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_legs_of_a_batch_go_to_the_files_of_their_pools() {
    let cast = || {
        vec![
            read_1([Act::Echo]),
            node("test-1", Pool::Heavy, [Act::Say(500, "")]),
        ]
    };
    let sent = batch(&[
        call("7", "eth_call"),
        call("8", "eth_getLogs"),
        call("9", "eth_getLogs"),
    ]);
    assert_eq!(failed(Pool::Read, cast(), &[&sent]).await, [""; 0]);
    let lines = failed(Pool::Heavy, cast(), &[&sent]).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("500 [{"), "{lines:?}");
    assert_eq!(lines[0].matches("eth_getLogs").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_send_that_fails_does_not_show_its_transaction() {
    let body = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"eth_sendRawTransaction\",\"params\":[\"{SIGNED}\"]}}"
    );
    for sent in [body.clone(), batch(&[&body])] {
        let miner = vec![node("write-1", Pool::Write, [Act::Say(503, "")])];
        let lines = failed(Pool::Write, miner, &[&sent]).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].starts_with("503 ") && lines[0].contains(HASH),
            "{lines:?}"
        );
        assert!(!lines[0].contains("35353535"), "{lines:?}");
    }
}
