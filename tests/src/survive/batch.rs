//! A client's message and what backends make of it, through the whole data plane: one byte of flags,
//! the client's body, a zero byte, then the bytes every backend says.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::time::Duration;

use frame::limits::Limits;
use frame::message::Call;
use frame::message::Element;
use frame::message::Message;
use proxy::server::Server;
use proxy::worker::Worker;
use serde_json::value::RawValue;

use crate::rig;

/// The backend's bytes are the body of a good answer, not a whole one.
const FRAMED: u8 = 1;
/// Bytes of a request that a backend here reads.
const REQUEST_BYTES_MAX: usize = 1 << 20;
/// How long the client waits: whoever takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(20);
/// Looks whether all is given back, a millisecond apart.
const LOOKS_MAX: usize = 2_000;

/// A data plane that outlives every input, and what its backends say.
struct Stage {
    worker: Worker,
    address: SocketAddr,
    script: Arc<Mutex<Vec<u8>>>,
}

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let script = Arc::new(Mutex::new(Vec::new()));
        let backend = TcpListener::bind("127.0.0.1:0").unwrap();
        let behind = backend.local_addr().unwrap();
        let said = Arc::clone(&script);
        std::thread::spawn(move || {
            for stream in backend.incoming().map_while(Result::ok) {
                say(stream, &said);
            }
        });
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || serve(behind, &tell));
        let (worker, address) = told.recv().unwrap();
        Stage {
            worker,
            address,
            script,
        }
    })
}

/// Serves for as long as the process lives.
fn serve(behind: SocketAddr, tell: &std::sync::mpsc::Sender<(Worker, SocketAddr)>) {
    let environment = [
        ("HEADWAY_PROFILE", "evm".to_owned()),
        ("HEADWAY_BACKENDS__one__URL", format!("http://{behind}/1")),
        ("HEADWAY_BACKENDS__two__URL", format!("http://{behind}/2")),
        ("HEADWAY_BACKENDS__one__POOL", "read".to_owned()),
        ("HEADWAY_BACKENDS__two__POOL", "read".to_owned()),
        ("HEADWAY_TIMEOUTS__TOTAL", "100ms".to_owned()),
        ("HEADWAY_LOGS__ACCESS", "off".to_owned()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        let worker = rig::worker(environment.to_vec(), 1);
        let listener = proxy::listen::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let server = Server::start(worker.clone(), 1, (vec![listener], usize::MAX)).unwrap();
        tell.send((worker, server.addresses()[0])).unwrap();
        std::future::pending::<()>().await;
    });
}

/// Reads a request, says what is to be said, and closes, so that nobody waits for more.
fn say(mut stream: TcpStream, script: &Mutex<Vec<u8>>) {
    if whole(&mut stream).is_some() {
        let script = script.lock().unwrap().clone();
        let _client_left = stream.write_all(&script);
    }
}

/// A head and a body of declared length; `None` when the connection ends before.
fn whole(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut held = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = held.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&held[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(Some(0), |length| length.trim().parse().ok())?;
            if held.len() >= end + 4 + length {
                return Some((head, held[end + 4..end + 4 + length].to_vec()));
            }
        }
        let read = match stream.read(&mut piece) {
            // The fuzzer looks at its watch by a signal, which ends a read that has a time limit.
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read.ok().filter(|read| *read > 0)?,
        };
        held.extend_from_slice(&piece[..read]);
        assert!(held.len() < REQUEST_BYTES_MAX, "a message without an end");
    }
}

pub(super) fn batch(bytes: &[u8]) {
    let Some((flags, bytes)) = bytes.split_first() else {
        return;
    };
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (body, said) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let stage = stage();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", said.len());
    let head = if flags & FRAMED == 0 {
        ""
    } else {
        head.as_str()
    };
    *stage.script.lock().unwrap() = [head.as_bytes(), said].concat();
    let (status, answer) = ask(stage.address, body);
    let limits = stage.worker.live.snapshot().settings.frame;
    check(body, &limits, (status, &answer));
    settle(&stage.worker);
}

fn ask(address: SocketAddr, body: &[u8]) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    let request = [head.as_bytes(), body].concat();
    stream.write_all(&request).unwrap();
    let (head, body) = whole(&mut stream).expect("exactly one whole answer");
    (head[9..12].parse().unwrap(), body)
}

/// Every call and every element that is none has exactly one answer, under its own id and in its place.
fn check(body: &[u8], limits: &Limits, (status, answer): (u16, &[u8])) {
    let shown = || String::from_utf8_lossy(answer);
    match frame::message::scan(body, limits) {
        Ok(Message::Batch(elements)) => {
            let ids: Vec<_> = elements.iter().filter_map(wanted).collect();
            if ids.is_empty() {
                assert_eq!((status, answer), (204, b"".as_slice()));
                return;
            }
            let answers: Vec<&RawValue> = serde_json::from_slice(answer).expect("an array");
            let answered: Vec<_> = answers.iter().map(|raw| id_of(raw.get())).collect();
            assert_eq!((status, answered), (200, ids), "{}", shown());
        }
        Ok(Message::Single(element)) => {
            if let Some(id) = wanted(&element) {
                assert_eq!(id_of(&shown()), id);
            }
        }
        Ok(Message::Overfull(_)) => assert_eq!(status, 200),
        Err(_) => assert!(matches!(status, 200 | 400 | 413) && id_of(&shown()) == "null"),
    }
}

/// The id under which an element is to be answered.
fn wanted(element: &Element<'_>) -> Option<String> {
    match element {
        Element::Call(Call { id: Some(id), .. }) | Element::Invalid { id, .. } => {
            Some(id.as_str().to_owned())
        }
        Element::Call(Call { id: None, .. }) | Element::Response => None,
    }
}

/// The id of an answer, which carries a result or an error.
fn id_of(answer: &str) -> String {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(answer).expect("an object");
    assert!(
        members.contains_key("result") || members.contains_key("error"),
        "{answer}"
    );
    members["id"].get().to_owned()
}

/// Seats and memory are given back.
fn settle(worker: &Worker) {
    let snapshot = worker.live.snapshot();
    let under_way = || {
        let places = snapshot.table.places().iter();
        places
            .map(|place| place.vitals.load.in_flight())
            .sum::<u32>()
    };
    // Nobody ever sends here: it only passes the time.
    let (_kept, pause) = std::sync::mpsc::channel::<()>();
    for _ in 0..LOOKS_MAX {
        if under_way() == 0 && worker.memory.used() == 0 {
            return;
        }
        let _passed = pause.recv_timeout(Duration::from_millis(1));
    }
    panic!("{} tries, {} bytes", under_way(), worker.memory.used());
}
