//! Stories about the front door when it cannot be opened wide enough.

use config::checked::Profile;
use rules::address::Network;
use rules::address::Trust;
use tokio::io::AsyncReadExt;

use super::*;
use crate::harness::Proxy;
use crate::harness::settings::config;

#[test]
fn a_burst_of_failures_is_news_once() {
    let mut last = None;
    let heard: Vec<u64> = [0, 1, 5, 15, 16, 27, 37, 48]
        .into_iter()
        .filter(|second| {
            let now = Moment::ZERO.after(Duration::from_secs(*second));
            is_news(&mut last, now)
        })
        .collect();
    assert_eq!(heard, [0, 27, 48]);
}

#[test]
fn only_a_lack_of_our_own_makes_the_door_rest() {
    for (number, gone) in [
        (103, true),
        (104, true),
        (24, false),
        (23, false),
        (12, false),
    ] {
        let kind = io::Error::from_raw_os_error(number).kind();
        assert_eq!(is_gone(kind), gone, "{number}");
    }
}

fn door(proxy: &Proxy) -> Door {
    Door {
        connections_max: usize::MAX,
        live: Arc::clone(&proxy.worker.live),
        metrics: Arc::clone(&proxy.worker.metrics),
        clock: proxy.worker.clock,
        tasks: Tasks::default(),
    }
}

fn seats(count: usize) -> (Vec<Seat>, Vec<mpsc::Receiver<Handed>>) {
    let seat = |_| {
        let (queue, handed) = mpsc::channel(10);
        let open = Arc::new(AtomicUsize::new(0));
        (Seat { queue, open }, handed)
    };
    (0..count).map(seat).unzip()
}

#[tokio::test]
async fn whoever_was_let_in_before_the_end_is_served_evenly() {
    let proxy = Proxy::start(config(Profile::Evm), Vec::new());
    let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(tokio::net::TcpStream::connect(address).await.unwrap());
    }
    let (seats, mut handed) = seats(3);
    let tasks = Tasks::default();
    let door = Door {
        tasks: tasks.clone(),
        ..door(&proxy)
    };
    let (_stop, stopping) = watch::channel(true);
    accept(listener, seats, door, stopping).await;
    assert_eq!(tasks.open(), 6, "a stopping process waits for them");
    let ours: Vec<_> = clients.iter().map(|c| c.local_addr().unwrap()).collect();
    for worker in &mut handed {
        let mut served = 0;
        while let Some((_, peer, ..)) = worker.recv().await {
            assert!(ours.contains(&peer));
            served += 1;
        }
        assert_eq!(served, 2);
    }
    assert_eq!(tasks.open(), 0);
    let refused = tokio::net::TcpStream::connect(address).await;
    assert!(refused.is_err(), "nobody else is let in");
}

/// Lets everybody in who is at the door, by these settings; what each client hears, and who was let
/// in.
async fn knocked(config: Config, clients: usize) -> (Proxy, Vec<String>, Vec<Handed>) {
    let proxy = Proxy::start(config, Vec::new());
    let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let mut sockets = Vec::new();
    for _ in 0..clients {
        sockets.push(tokio::net::TcpStream::connect(address).await.unwrap());
    }
    let (seats, mut handed) = seats(1);
    let (_stop, stopping) = watch::channel(true);
    accept(listener, seats, door(&proxy), stopping).await;
    let mut let_in = Vec::new();
    while let Some(handed) = handed[0].recv().await {
        let_in.push(handed);
    }
    let mut heard = Vec::new();
    for mut socket in sockets {
        let ours = socket.local_addr().unwrap();
        if let_in.iter().any(|(_, peer, ..)| *peer == ours) {
            continue;
        }
        let mut text = String::new();
        socket.read_to_string(&mut text).await.unwrap();
        heard.push(text);
    }
    (proxy, heard, let_in)
}

#[tokio::test]
async fn a_client_with_too_many_connections_is_told_so_and_trusted_proxies_are_not() {
    let limited = || {
        let mut config = config(Profile::Evm);
        config.limits.connections_per_client = Some(2);
        config
    };
    let (proxy, heard, let_in) = knocked(limited(), 3).await;
    assert_eq!(let_in.len(), 2);
    assert!(heard[0].starts_with("HTTP/1.1 503 "), "{heard:?}");
    let counter = "headway_capped_total{limit=\"connections_per_client\"}";
    assert_eq!(proxy.metric(counter) as u64, 1);
    // They count for as long as they are open.
    assert_eq!(proxy.worker.live.crowd.clients(), 1);
    drop(let_in);
    assert_eq!(proxy.worker.live.crowd.clients(), 0);
    let mut trusting = limited();
    let here = Network::parse("127.0.0.0/8").unwrap();
    trusting.server.trusted_proxies = Trust::new(vec![here]);
    let (proxy, heard, let_in) = knocked(trusting, 3).await;
    assert_eq!((let_in.len(), heard.len()), (3, 0));
    assert_eq!(proxy.worker.live.crowd.clients(), 0);
}

#[tokio::test]
async fn the_smaller_of_what_is_wanted_and_what_the_system_allows_counts() {
    // In words: limits.connections, what fits into the open files, who is let in of four.
    for (wanted, allowed, let_in_max) in [(2, 10, 2), (10, 3, 3), (10, usize::MAX, 4), (10, 0, 0)] {
        let mut config = config(Profile::Evm);
        config.limits.connections = wanted;
        let proxy = Proxy::start(config.clone(), Vec::new());
        let (seats, _handed) = seats(1);
        let door = Door {
            connections_max: allowed,
            ..door(&proxy)
        };
        let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let mut clients = Vec::new();
        for _ in 0..4 {
            clients.push(tokio::net::TcpStream::connect(address).await.unwrap());
            let (stream, peer) = listener.accept().await.unwrap();
            hand(stream.into_std().unwrap(), peer, &seats, &door).await;
        }
        assert_eq!(
            seats[0].open.load(Relaxed),
            let_in_max,
            "{wanted} {allowed}"
        );
        let capped = proxy.metric("headway_capped_total{limit=\"connections\"}");
        assert_eq!(capped as usize, 4 - let_in_max, "{wanted} {allowed}");
        for client in &mut clients[let_in_max..] {
            let mut heard = String::new();
            client.read_to_string(&mut heard).await.unwrap();
            assert!(heard.starts_with("HTTP/1.1 503 "), "{heard}");
        }
    }
}

#[tokio::test]
async fn whoever_waits_when_no_file_is_left_is_told_so_by_means_of_the_spare_one() {
    let proxy = Proxy::start(config(Profile::Evm), Vec::new());
    let door = door(&proxy);
    let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let mut spare = Spare::of(&listener);
    let _first = tokio::net::TcpStream::connect(address).await.unwrap();
    let _let_in = listener.accept().await.unwrap();
    let mut next = tokio::net::TcpStream::connect(address).await.unwrap();
    assert!(spare.turn_next_away(&listener, &door));
    let mut heard = String::new();
    next.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 503 "), "{heard}");
    assert!(spare.0.is_some(), "it is there for the next");
    assert!(
        !spare.turn_next_away(&listener, &door),
        "nobody waits: the door may rest"
    );
    assert!(spare.0.is_some());
    let capped = proxy.metric("headway_capped_total{limit=\"open_files\"}");
    assert_eq!(capped as u64, 1);
}
