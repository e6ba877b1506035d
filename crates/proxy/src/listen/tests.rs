//! Stories about the front door when it cannot be opened wide enough.

use config::checked::Profile;

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
        live: Arc::clone(&proxy.worker.live),
        metrics: Arc::clone(&proxy.worker.metrics),
        clock: proxy.worker.clock,
        tasks: tasks.clone(),
    };
    let (_stop, stopping) = watch::channel(true);
    accept(listener, seats, door, stopping).await;
    assert_eq!(tasks.open(), 6, "a stopping process waits for them");
    let ours: Vec<_> = clients.iter().map(|c| c.local_addr().unwrap()).collect();
    for worker in &mut handed {
        let mut served = 0;
        while let Some((_, peer, _held)) = worker.recv().await {
            assert!(ours.contains(&peer));
            served += 1;
        }
        assert_eq!(served, 2);
    }
    assert_eq!(tasks.open(), 0);
    let refused = tokio::net::TcpStream::connect(address).await;
    assert!(refused.is_err(), "nobody else is let in");
}
