//! Stories about the doors: what each says, when, and what happens when its port is taken.

use proxy::live::Snapshot;
use rules::table::Ladder;
use rules::table::Place;
use rules::table::Standing;
use rules::table::Table;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::*;
use crate::harness::Stage;
use crate::harness::until;

/// Opens a door on a free port.
async fn open(stage: &Stage, door: Door) -> SocketAddr {
    let (bound, opened) = oneshot::channel();
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    tasks::background(listen(address, door, stage.view(), bound));
    opened.await.unwrap()
}

/// Asks on a connection of its own; the head and the body as they came.
async fn ask(address: SocketAddr, method: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let question =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

/// Each path is answered with this status.
async fn check(address: SocketAddr, story: &str, expected: &[(&str, u16)]) {
    for (path, status) in expected {
        let (head, body) = ask(address, "GET", path).await;
        let wanted = format!("http/1.1 {status} ");
        assert!(head.starts_with(&wanted), "{story}: {path}: {head}");
        let (bare, nothing) = ask(address, "HEAD", path).await;
        assert!(bare.starts_with(&wanted), "{story}: HEAD {path}: {bare}");
        assert_eq!(nothing, "");
        let length = format!("content-length: {}", body.len());
        assert!(path.contains("metrics") || bare.contains(&length), "{bare}");
    }
}

/// Publishes a table in which a pool has nobody, and nobody else may help out.
fn lose(stage: &Stage, pool: Pool) {
    let now = stage.worker.live.snapshot();
    let places = now.table.places().iter().map(|place| Place {
        standing: match place.pool == Some(pool) {
            true => Standing::Down,
            false => place.standing,
        },
        ..place.clone()
    });
    stage.worker.live.publish(Snapshot {
        table: Table::new(places.collect(), Ladder::default()),
        backends: now.backends.clone(),
        settings: Arc::clone(&now.settings),
    });
}

#[tokio::test]
async fn the_admin_door_tells_what_is_true_now() {
    let stage = Stage::set(&[]).await;
    let door = open(&stage, Door::Admin).await;
    let readiness = &stage.worker.live.readiness;
    let unknown = [
        ("/livez", 200),
        ("/readyz", 503),
        ("/readyz?strict", 503),
        ("/readyz?pool=nonsense", 503),
        ("/readyz?pool=ws", 503),
        ("/", 404),
        ("/metrics/", 404),
    ];
    check(door, "nobody has answered yet", &unknown).await;
    readiness.set_serving(true);
    let well = [
        ("/livez", 200),
        ("/readyz", 200),
        ("/readyz?strict", 200),
        ("/readyz?strict&pool=write", 200),
        ("/readyz?pool=read", 200),
        ("/readyz?pool=heavy", 200),
        ("/readyz?pool=ws", 503),
        ("/readyz?pool=nonsense", 503),
        ("/readyz?pool", 503),
        ("/readyz?other=1", 200),
        ("/metrics", 200),
        ("/metrics?name[]=x", 200),
    ];
    check(door, "all is well", &well).await;
    lose(&stage, Pool::Write);
    let no_miner = [
        ("/readyz", 200),
        ("/readyz?strict", 200),
        ("/readyz?pool=write", 503),
        ("/readyz?pool=read", 200),
    ];
    check(door, "no miner is left", &no_miner).await;
    readiness.set_serving(false);
    let nobody = [("/livez", 200), ("/readyz", 200), ("/readyz?strict", 503)];
    check(door, "everybody is lost", &nobody).await;
    readiness.set_serving(true);
    readiness.drain();
    let draining = [
        ("/livez", 200),
        ("/readyz", 503),
        ("/readyz?strict", 503),
        ("/readyz?pool=read", 503),
        ("/metrics", 200),
    ];
    check(door, "draining", &draining).await;
}

#[tokio::test]
async fn a_pool_is_ready_while_the_leader_may_serve_it() {
    let stage = Stage::set(&[]).await;
    let door = open(&stage, Door::Admin).await;
    stage.probe().await.unwrap();
    for node in ["read-1", "read-2", "miner-1", "miner-2"] {
        stage.node(node).set(devnet::Fault::Die);
    }
    for id in ["read-1", "read-2", "write-1", "write-2"] {
        until("all are down", || {
            stage.place(id).standing == Standing::Down
        })
        .await;
    }
    // The leader serves reads, but not sends.
    let led = [
        ("/readyz?pool=read", 200),
        ("/readyz?pool=write", 503),
        ("/readyz?strict", 200),
    ];
    check(door, "the leader alone", &led).await;
}

#[tokio::test]
async fn the_health_door_says_whether_reads_can_be_served() {
    let stage = Stage::set(&[]).await;
    let door = open(&stage, Door::Health).await;
    let readiness = &stage.worker.live.readiness;
    check(
        door,
        "at first",
        &[("/", 503), ("/livez", 200), ("/readyz", 503)],
    )
    .await;
    readiness.set_serving(true);
    check(
        door,
        "serving",
        &[("/", 200), ("/health", 200), ("/readyz", 200)],
    )
    .await;
    readiness.set_serving(false);
    check(door, "nobody left", &[("/", 503), ("/readyz", 200)]).await;
    readiness.set_serving(true);
    readiness.drain();
    check(
        door,
        "draining",
        &[("/", 503), ("/readyz", 503), ("/livez", 200)],
    )
    .await;
}

#[tokio::test]
async fn old_heads_close_the_health_door() {
    // The blocks of this chain are made by hand, so its head gets older than a second.
    let stage = Stage::set(&[("health.max_head_age", "1s")]).await;
    let door = open(&stage, Door::Health).await;
    stage.probe().await.unwrap();
    let readiness = &stage.worker.live.readiness;
    until("the head is too old", || !readiness.is_serving()).await;
    check(door, "an old head", &[("/", 503), ("/readyz", 200)]).await;
    assert_eq!(stage.log.lines(&["ERROR", "health.max_head_age"]).len(), 1);
    assert_eq!(
        stage.served_by(Pool::Read),
        ["read-1", "read-2"],
        "nobody is put out"
    );
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_are_right() {
    let stage = Stage::set(&[]).await;
    for door in [Door::Admin, Door::Health] {
        let address = open(&stage, door).await;
        for method in ["POST", "DELETE", "OPTIONS", "TRACE"] {
            for path in ["/livez", "/metrics", "/"] {
                let (head, _) = ask(address, method, path).await;
                assert!(head.starts_with("http/1.1 405 "), "{method} {path}: {head}");
                assert!(head.contains("allow: get, head"), "{method} {path}: {head}");
            }
        }
    }
}

#[tokio::test]
async fn metrics_are_prometheus_text_with_zeros_from_the_start() {
    let stage = Stage::set(&[]).await;
    let door = open(&stage, Door::Admin).await;
    let (head, body) = ask(door, "GET", "/metrics").await;
    assert!(
        head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"),
        "{head}"
    );
    let zeros = [
        "rpc_requests_total{method=\"eth_call\",outcome=\"result\"}",
        "rpc_requests_total{method=\"eth_sendRawTransaction\",outcome=\"refusal\"}",
        "rpc_requests_total{method=\"other\",outcome=\"error\"}",
        "backend_requests_total{backend=\"write-2\",outcome=\"answer\"}",
        "backend_probe_failures_total{backend=\"leader\"}",
        "bind_failures_total",
        "tables_published_total",
        "chain_halted",
        "degraded",
    ];
    for zero in zeros {
        let line = format!("headway_{zero} 0");
        assert!(
            body.lines().any(|shown| shown == line),
            "no {line} in\n{body}"
        );
    }
    assert!(body.contains("process_resident_memory_bytes"));
}

#[tokio::test]
async fn a_taken_port_is_counted_and_tried_again() {
    let stage = Stage::set(&[]).await;
    let other = listen::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = other.local_addr().unwrap();
    let (bound, opened) = oneshot::channel();
    tasks::background(listen(address, Door::Admin, stage.view(), bound));
    assert!(opened.await.is_err(), "it could not be bound at once");
    assert_eq!(stage.gauges.bind_failures.get(), 1);
    let told = ["ERROR", "cannot listen, trying again", &address.to_string()];
    assert_eq!(stage.log.lines(&told).len(), 1);
    drop(other);
    tokio::time::pause();
    tokio::time::advance(BIND_AGAIN).await;
    tokio::time::resume();
    until("it listens", || {
        !stage.log.lines(&["INFO", "listening"]).is_empty()
    })
    .await;
    check(address, "on a port that was taken", &[("/livez", 200)]).await;
}

/// Pieces of requests with the seconds each comes after the one before; the statuses heard, and when
/// the connection is ended by the door.
type Slow = (
    &'static str,
    &'static [(u64, &'static str)],
    &'static [u16],
    u64,
);

const LIVEZ: &str = "GET /livez HTTP/1.1\r\nhost: side\r\n\r\n";

#[tokio::test]
async fn slow_askers_are_waited_for_only_so_long() {
    let stories: [Slow; 4] = [
        ("nothing is asked", &[], &[], 10),
        (
            "a head that does not end",
            &[(5, "GET /livez HT")],
            &[408],
            15,
        ),
        (
            "a head in drops",
            &[(0, "GET /"), (6, "livez"), (6, " HTTP/1.1\r\n")],
            &[408],
            10,
        ),
        (
            "a scraper between two scrapes",
            &[(0, LIVEZ), (60, LIVEZ)],
            &[200, 200],
            135,
        ),
    ];
    let stage = Stage::set(&[]).await;
    tokio::time::pause();
    for (story, pieces, statuses, end) in stories {
        let (asker, door) = tokio::io::duplex(64 * 1024);
        let began = stage.worker.clock.now();
        tasks::background(connection(door, Door::Admin, stage.view()));
        let (mut read, mut write) = tokio::io::split(asker);
        let mut heard = Vec::new();
        let ask = async {
            for (wait, piece) in pieces {
                tokio::time::sleep(Duration::from_secs(*wait)).await;
                let _refused = write.write_all(piece.as_bytes()).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = ask => {}
            ended = read.read_to_end(&mut heard) => drop(ended),
        }
        let took = stage.worker.clock.now().since(began).as_secs();
        let heard = String::from_utf8(heard).unwrap();
        let lines = heard.split("HTTP/1.1 ").skip(1);
        let heard: Vec<u16> = lines.map(|line| line[..3].parse().unwrap()).collect();
        assert_eq!((&heard[..], took), (statuses, end), "{story}");
    }
}

#[tokio::test]
async fn one_connection_too_many_is_turned_away_until_another_ends() {
    let stage = Stage::set(&[]).await;
    let door = open(&stage, Door::Health).await;
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        held.push(TcpStream::connect(door).await.unwrap());
    }
    let mut told = String::new();
    let mut extra = TcpStream::connect(door).await.unwrap();
    extra.read_to_string(&mut told).await.unwrap();
    assert!(told.starts_with("HTTP/1.1 503 "), "{told}");
    let (_, metrics) = {
        held.pop();
        again(door).await;
        let admin = open(&stage, Door::Admin).await;
        ask(admin, "GET", "/metrics").await
    };
    let line = "headway_capped_total{limit=\"side_connections\"} ";
    let counted = metrics.lines().find_map(|shown| shown.strip_prefix(line));
    assert!(
        counted.is_some_and(|count| count != "0"),
        "no {line}in\n{metrics}"
    );
}

/// Asks until the door has noticed that somebody left.
async fn again(door: SocketAddr) {
    for _ in 0..1_000 {
        let mut stream = TcpStream::connect(door).await.unwrap();
        // One that is turned away may be so before it has asked.
        let _turned_away = stream.write_all(LIVEZ.as_bytes()).await;
        let mut first = [0; 12];
        if stream.read_exact(&mut first).await.is_ok() && &first == b"HTTP/1.1 200" {
            return;
        }
    }
    panic!("nobody is let in any more");
}
