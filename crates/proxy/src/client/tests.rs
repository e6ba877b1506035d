//! Stories about clients behind proxies: what backends, the log and the miners make of them.

use std::net::IpAddr;

use config::checked::AccessLog;
use config::checked::Config;
use config::checked::Profile;
use prometheus::IntCounter;
use rules::address::Network;
use rules::ids::Pool;

use super::*;
use crate::harness::Proxy;
use crate::harness::client::call;
use crate::harness::node;
use crate::harness::node::Act;
use crate::harness::settings::config;
use crate::logs::Logs;

/// A node of the load balancer.
const BALANCER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
/// Somebody who comes past it.
const STRANGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

fn behind(networks: &[&str]) -> Config {
    let mut config = config(Profile::TxProxy);
    let networks = networks.iter().map(|text| Network::parse(text).unwrap());
    config.server.trusted_proxies = Trust::new(networks.collect());
    config
}

/// A call on a connection of its own, with these lines of `X-Forwarded-For`.
fn text(method: &str, lines: &[&str]) -> String {
    let body = call("7", method);
    let lines: String = lines
        .iter()
        .map(|line| format!("x-forwarded-for: {line}\r\n"))
        .collect();
    let length = body.len();
    format!("POST / HTTP/1.0\r\n{lines}content-length: {length}\r\n\r\n{body}")
}

#[tokio::test(start_paused = true)]
async fn backends_are_told_who_asked_and_only_what_is_verified() {
    let proxy = Proxy::start(
        behind(&["10.0.0.0/8"]),
        vec![node("read-1", Pool::Read, [Act::Echo])],
    );
    for (peer, lines, list, address) in [
        (BALANCER, vec![], "10.0.0.1", "10.0.0.1"),
        (
            BALANCER,
            vec!["203.0.113.9"],
            "203.0.113.9, 10.0.0.1",
            "203.0.113.9",
        ),
        (
            BALANCER,
            vec!["1.1.1.1, [2001:db8::1]:4711"],
            "[2001:db8::1]:4711, 10.0.0.1",
            "2001:db8::1",
        ),
        // What a client sends in lines of its own is as little worth.
        (
            BALANCER,
            vec!["10.0.0.9", "1.1.1.1", "203.0.113.9, 10.0.0.2"],
            "203.0.113.9, 10.0.0.2, 10.0.0.1",
            "203.0.113.9",
        ),
        (
            BALANCER,
            vec!["203.0.113.9", "unknown"],
            "10.0.0.1",
            "10.0.0.1",
        ),
        (STRANGER, vec!["203.0.113.9"], "192.0.2.7", "192.0.2.7"),
        (STRANGER, vec!["10.0.0.2"], "192.0.2.7", "192.0.2.7"),
    ] {
        proxy.raw_from(peer, &text("eth_call", &lines)).await;
        let got = proxy.got("read-1").pop().unwrap();
        let told = ["x-forwarded-for", "x-real-ip"].map(|name| got.header(name));
        assert_eq!(told, [Some(list), Some(address)], "{peer} {lines:?}");
    }
    proxy.settle().await;
}

#[tokio::test(start_paused = true)]
async fn the_log_names_the_client_and_shows_the_list_as_it_came() {
    let directory = std::env::temp_dir().join(format!("headway-client-{}", std::process::id()));
    let path = directory.join("access.log");
    let cast = || vec![node("read-1", Pool::Read, [Act::Echo])];
    for (mut config, shown) in [
        (behind(&["10.0.0.0/8"]), "203.0.113.9"),
        (behind(&[]), "10.0.0.1"),
    ] {
        config.logs.access = AccessLog::File(path.clone());
        let dropped = IntCounter::new("dropped", "Lines.").unwrap();
        let (logs, _no_troubles) = Logs::open(&config, &dropped).unwrap();
        let proxy = Proxy::logging(config, cast(), logs);
        let request = text("eth_call", &["1.1.1.1, 203.0.113.9"]);
        proxy.raw_from(BALANCER, &request).await;
        proxy.settle().await;
        let patience = std::time::Duration::from_secs(60);
        proxy.worker.logs.flush(patience);
        let log = std::fs::read_to_string(&path).unwrap();
        let line = log.lines().last().unwrap();
        assert!(line.starts_with(&format!("{shown} - - [")), "{line}");
        assert!(line.ends_with("\"1.1.1.1, 203.0.113.9\""), "{line}");
    }
    std::fs::remove_dir_all(&directory).unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_same_client_meets_the_same_miner_through_any_node_of_the_load_balancer() {
    let miners = ["miner-1", "miner-2", "miner-3"];
    let cast = miners.map(|id| node(id, Pool::Write, [Act::Echo]));
    let proxy = Proxy::start(behind(&["10.0.0.0/8"]), cast.into());
    let mut reached = [0; 3];
    for client in 0..30 {
        let before = miners.map(|id| proxy.count(id));
        for (node, port) in [(1, 4711), (2, 4712), (3, 4713)] {
            // Whoever it pretends to be changes nothing.
            let list = format!("10.0.{port}.1, 203.0.113.{client}:{port}");
            let request = text("eth_sendRawTransaction", &[&list]);
            proxy
                .raw_from(IpAddr::from([10, 0, 0, node]), &request)
                .await;
        }
        let after = miners.map(|id| proxy.count(id));
        let met: Vec<_> = (0..3)
            .filter(|index| after[*index] > before[*index])
            .collect();
        assert_eq!(met.len(), 1, "203.0.113.{client}");
        reached[met[0]] += 1;
    }
    assert!(reached.iter().all(|clients| *clients > 3), "{reached:?}");
    proxy.settle().await;
}
