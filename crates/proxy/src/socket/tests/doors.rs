//! Stories about who may open a socket, and how many.

use std::time::Duration;

use config::checked::Profile;
use rules::address::Network;
use rules::address::Trust;

use crate::harness::client::PEER;
use crate::harness::node::Act;
use crate::harness::settings::config;
use crate::socket::tests::nothing_is_left;
use crate::socket::tests::start;

#[tokio::test(start_paused = true)]
async fn handshakes_are_judged() {
    let mut config = config(Profile::TxProxy);
    config.ws.origins = vec!["https://app.example.org".to_owned()];
    let proxy = start(config, [Act::Echo]);
    let good = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n";
    for (head, status) in [
        (good.to_owned(), "101"),
        (format!("{good}origin: https://app.example.org\r\n"), "101"),
        (format!("{good}origin: HTTPS://App.example.org\r\n"), "101"),
        (format!("{good}origin: https://evil.example.org\r\n"), "403"),
        (format!("{good}origin: null\r\n"), "403"),
        (good.replace("13", "12"), "426"),
        (good.replace("dGhl", ""), "400"),
        (good.replace("==", "??"), "400"),
        ("sec-websocket-version: 13\r\n".to_owned(), "400"),
        (format!("{good}{good}"), "400"),
    ] {
        let heard = proxy
            .raw(&format!(
                "GET /any?path HTTP/1.1\r\nhost: proxy\r\nconnection: upgrade\r\n\
                 upgrade: WebSocket\r\nsec-websocket-protocol: first, second\r\n{head}\r\n"
            ))
            .await;
        assert_eq!(&heard[9..12], status, "{head}: {heard}");
        let accepted = "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
        let first = "sec-websocket-protocol: first\r\n";
        let opened = status == "101";
        assert_eq!(heard.contains(accepted), opened, "{heard}");
        assert_eq!(heard.contains(first), opened, "{heard}");
        let version = heard.contains("sec-websocket-version: 13\r\n");
        assert_eq!(version, status == "426", "{heard}");
        nothing_is_left(&proxy).await;
    }
}

#[tokio::test(start_paused = true)]
async fn there_are_only_so_many_sockets() {
    let mut config = config(Profile::TxProxy);
    config.ws.sockets_max = 2;
    let proxy = start(config, [Act::Echo]);
    let _first = proxy.open().await;
    let second = proxy.open().await;
    let refused = proxy.open_with(PEER, &[]).await.err().unwrap();
    assert_eq!(refused.status(), 503);
    assert!((proxy.metric("headway_capped_total{limit=\"sockets\"}") - 1.0).abs() < 0.1);
    drop(second);
    proxy.pass(Duration::from_secs(1)).await;
    let _third = proxy.open().await;
}

#[tokio::test(start_paused = true)]
async fn one_client_has_only_so_many_once_clients_can_be_told_apart() {
    for trusted in [false, true] {
        let mut config = config(Profile::TxProxy);
        config.ws.sockets_per_client = Some(1);
        if trusted {
            let balancer = Network::parse("192.0.2.7").unwrap();
            config.server.trusted_proxies = Trust::new(vec![balancer]);
        }
        let proxy = start(config, [Act::Echo]);
        let open = async |client| proxy.open_with(PEER, &[("x-forwarded-for", client)]).await;
        let _first = open("203.0.113.1").await.ok().unwrap();
        let _other = open("203.0.113.2").await.ok().unwrap();
        let second = open("203.0.113.1").await;
        assert_eq!(second.is_err(), trusted);
        let over = proxy.metric("headway_ws_over_share_total");
        // Without a name for the load balancer all of them are one client.
        assert!((over - if trusted { 0.0 } else { 2.0 }).abs() < 0.1);
    }
}
