//! Every fault survives being written and read; everything else is refused in words.

use std::time::Duration;

use super::*;

const ALL: [(Fault, &str); 17] = [
    (Fault::Lag(12), "lag 12"),
    (Fault::Freeze, "freeze"),
    (Fault::Hang, "hang"),
    (Fault::Die, "die"),
    (Fault::Refuse, "refuse"),
    (Fault::ResetBefore, "reset-before"),
    (Fault::ResetAfter, "reset-after"),
    (Fault::Slow(Duration::from_millis(2500)), "slow 2500ms"),
    (Fault::Status(503), "status 503"),
    (Fault::Html, "html"),
    (Fault::Truncated, "truncated"),
    (Fault::WrongChain(1), "wrong-chain 1"),
    (Fault::Fork(3), "fork 3"),
    (Fault::MadHead(u64::MAX), "mad-head 18446744073709551615"),
    (Fault::EmptyLogs, "empty-logs"),
    (Fault::Rubbish, "rubbish"),
    (Fault::NotReady, "not-ready"),
];

#[test]
fn every_fault_is_written_and_read_back() {
    for (fault, text) in ALL {
        assert_eq!(fault.to_string(), text);
        assert_eq!(text.parse(), Ok(fault));
    }
}

#[test]
fn seconds_and_spare_blanks_are_read() {
    let slow = Fault::Slow(Duration::from_secs(2));
    assert_eq!(" slow\t2s\r\n".parse(), Ok(slow));
}

#[test]
fn anything_else_is_refused_with_what_would_be_right() {
    let wrong = [
        "",
        "lag",
        "lag x",
        "lag -1",
        "lag 1 2",
        "freeze 1",
        "slow",
        "slow 200",
        "slow ms",
        "status 200",
        "status 600",
        "status 70000",
        "LAG 1",
        "explode",
    ];
    for text in wrong {
        let refused = text.parse::<Fault>().unwrap_err().to_string();
        assert!(refused.contains("reset-after"), "{text}: {refused}");
        assert!(refused.starts_with(&format!("`{text}`")), "{refused}");
    }
}
