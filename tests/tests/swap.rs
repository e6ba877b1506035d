//! The table is swapped thousands of times a second under load: no call fails, none goes astray.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use devnet::Devnet;
use devnet::Kind;
use devnet::Plan;
use headway_tests::load::Load;
use headway_tests::rig;
use proxy::listen;
use proxy::live::Snapshot;
use proxy::server::Server;
use rules::table::Ladder;
use rules::table::Standing;
use rules::table::Table;

/// Calls that must be answered while the table is swapped.
const CALLS: u64 = 10_000;
/// Swaps there must have been by then.
const SWAPS_MIN: u64 = 10_000;

fn addresses(network: &Devnet, kind: Kind) -> String {
    let nodes = network.nodes().iter().filter(|node| node.kind() == kind);
    nodes
        .map(|node| node.addr().to_string())
        .collect::<Vec<_>>()
        .join(",")
}

/// The same table with one read backend after another out of its pool.
fn without(snapshot: &Snapshot, out: usize) -> Snapshot {
    let mut places = snapshot.table.places().to_vec();
    for (seat, place) in places.iter_mut().enumerate() {
        place.standing = if seat == out {
            Standing::Lagging
        } else {
            Standing::Eligible
        };
    }
    Snapshot {
        table: Table::new(places, Ladder::default()),
        backends: snapshot.backends.clone(),
        settings: Arc::clone(&snapshot.settings),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swaps_under_load_fail_and_misroute_nothing() {
    let network = Devnet::start(Plan::default()).await.unwrap();
    let environment = [
        ("WRITE_ENDPOINT", addresses(&network, Kind::Miner)),
        ("READ_ENDPOINT", addresses(&network, Kind::Read)),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value));
    let worker = rig::worker(environment.to_vec(), 2);
    let live = Arc::clone(&worker.live);
    let listener = listen::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let server = Server::start(worker, 2, (vec![listener], usize::MAX)).unwrap();
    let address = server.addresses()[0];
    let (stop, swaps) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let swapper = std::thread::spawn({
        let (stop, swaps) = (Arc::clone(&stop), Arc::clone(&swaps));
        move || {
            let count = live.snapshot().backends.len();
            while !stop.load(SeqCst) {
                let number = swaps.fetch_add(1, SeqCst);
                let out = usize::try_from(number).unwrap() % count;
                live.publish(without(&live.snapshot(), out));
            }
        }
    });
    let quantity =
        |result: &serde_json::Value| result.as_str().is_some_and(|t| t.starts_with("0x"));
    let params = r#"["0x00000000000000000000000000000000000000aa","latest"]"#;
    let reads = Load::start(address, 32, ("eth_getBalance", params), quantity);
    let prices = Load::start(address, 16, ("eth_gasPrice", "[]"), quantity);
    let both = async {
        tokio::join!(reads.more(CALLS), prices.more(CALLS / 4));
        let mut every = tokio::time::interval(Duration::from_millis(10));
        while swaps.load(SeqCst) < SWAPS_MIN {
            every.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), both)
        .await
        .unwrap();
    let (reads, prices) = (reads.stop().await, prices.stop().await);
    stop.store(true, SeqCst);
    swapper.join().unwrap();
    assert_eq!((reads, prices), (Vec::new(), Vec::new()));
    for node in network.nodes() {
        let (balances, prices) = (
            node.calls_of("eth_getBalance"),
            node.calls_of("eth_gasPrice"),
        );
        match node.kind() {
            Kind::Read => assert!(balances > 0 && prices == 0, "{}", node.name()),
            Kind::Miner => assert!(balances == 0 && prices > 0, "{}", node.name()),
            Kind::Nodeos | Kind::Leader => assert_eq!((balances, prices), (0, 0)),
        }
    }
    assert!(server.stop().await, "everything under way ends");
}
