//! Whom a target is dialled at, and what is said when nobody is reached.

use std::time::Duration;

use config::url::BackendUrl;
use rules::ids::BackendId;
use rules::ids::Pool;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;

use super::*;
use crate::tls::tests::Authority;
use crate::tls::tests::good;

const A: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 0, 1));
const B: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 0, 2));
const METADATA: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));

fn wanted(url: &str, allow_link_local: bool) -> checked::Backend {
    checked::Backend {
        id: BackendId::new("read-1"),
        url: BackendUrl::parse(url).unwrap(),
        pool: Some(Pool::Read),
        weight: 1,
        leader: false,
        external: false,
        keep_alive: Duration::from_secs(15),
        allow_link_local,
    }
}

struct Story {
    dial: Dial,
    tls: Tls,
    clock: Clock,
    target: Target,
}

impl Story {
    fn new(url: &str, addresses: &[IpAddr]) -> Self {
        let pipes = Pipes::default();
        pipes
            .book
            .write("node.test", Page::Says(addresses.to_vec()));
        Self {
            dial: Dial::Pipes(pipes),
            tls: Tls::new(&[]),
            clock: Clock::start(),
            target: Target::new(&wanted(url, false)).unwrap(),
        }
    }

    fn pipes(&self) -> &Pipes {
        match &self.dial {
            Dial::Pipes(pipes) => pipes,
            Dial::Net => panic!("stories run on pipes"),
        }
    }

    async fn open(&self) -> Result<Stream, Unreached> {
        let means = Means {
            tls: &self.tls,
            clock: &self.clock,
            until: self.clock.now().after(Duration::from_secs(2)),
        };
        self.dial.open(&self.target, &means).await
    }
}

#[tokio::test(start_paused = true)]
async fn every_address_is_tried_in_turn() {
    let story = Story::new("http://node.test", &[A, B]);
    assert_eq!(story.open().await.err(), Some(Unreached::Refused));
    let mut at_b = story.pipes().at(B);
    assert!(story.open().await.is_ok());
    let mut at_a = story.pipes().at(A);
    assert!(story.open().await.is_ok());
    assert!(at_a.try_recv().is_ok() && at_b.try_recv().is_ok());
    assert!(at_a.try_recv().is_err() && at_b.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn who_hangs_in_the_handshake_hides_nobody_else() {
    let ours = Authority::new();
    let story = Story {
        tls: Tls::new(&ours.anchors()),
        ..Story::new("https://node.test", &[A, B])
    };
    let _hangs = story.pipes().at(A);
    let mut at_b = story.pipes().at(B);
    let server = async {
        let pipe = at_b.recv().await.unwrap();
        let mut stream = ours.acceptor(good("node.test")).accept(pipe).await.unwrap();
        let mut word = [0; 4];
        stream.read_exact(&mut word).await.unwrap();
        word
    };
    let client = async {
        let mut stream = story.open().await.unwrap();
        stream.write_all(b"ping").await.unwrap();
        stream.flush().await.unwrap();
        stream
    };
    let (stream, heard) = tokio::join!(client, server);
    assert_eq!(&heard, b"ping");
    assert!(!stream.tells_what_left());
    assert_eq!(
        story.clock.now().since(Moment::ZERO),
        Duration::from_secs(1),
        "half of the time each"
    );
}

#[tokio::test(start_paused = true)]
async fn a_handshake_ends_with_the_time_for_a_connect() {
    let story = Story::new("https://node.test", &[A]);
    let _hangs = story.pipes().at(A);
    assert_eq!(story.open().await.err(), Some(Unreached::TimedOut));
    assert_eq!(
        story.clock.now().since(Moment::ZERO),
        Duration::from_secs(2)
    );
}

#[tokio::test(start_paused = true)]
async fn a_name_that_hangs_or_means_nothing_is_a_reason() {
    let story = Story::new("http://node.test", &[]);
    assert_eq!(story.open().await.err(), Some(Unreached::UnknownName));
    let hangs = Page::After(Duration::from_secs(3600), Box::new(Page::Fails));
    story.pipes().book.write("node.test", hangs);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(story.open().await.err(), Some(Unreached::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn names_that_mean_link_local_addresses_are_not_dialled() {
    let mut story = Story::new("http://node.test", &[METADATA]);
    let mut metadata = story.pipes().at(METADATA);
    assert_eq!(story.open().await.err(), Some(Unreached::LinkLocal));
    assert!(metadata.try_recv().is_err());
    story.target = Target::new(&wanted("http://169.254.169.254", false)).unwrap();
    assert_eq!(story.open().await.err(), Some(Unreached::LinkLocal));
    assert!(metadata.try_recv().is_err());
    story.target = Target::new(&wanted("http://node.test", true)).unwrap();
    assert!(story.open().await.is_ok());
    assert!(metadata.try_recv().is_ok());
}

#[tokio::test(start_paused = true)]
async fn of_several_addresses_the_link_local_ones_are_passed_over() {
    let story = Story::new("http://node.test", &[METADATA, A]);
    let mut metadata = story.pipes().at(METADATA);
    let mut at_a = story.pipes().at(A);
    assert!(story.open().await.is_ok());
    assert!(at_a.try_recv().is_ok() && metadata.try_recv().is_err());
}

#[test]
fn a_trouble_is_told_when_it_changes_and_not_each_time() {
    let target = Target::new(&wanted("http://node.test", false)).unwrap();
    let expired = Unreached::Tls(Distrust::Expired);
    for (second, ended, news) in [
        (0, None, None),
        (1, Some(expired), Some(Some(expired))),
        (2, Some(expired), None),
        (3, Some(Unreached::Refused), None),
        (12, Some(Unreached::Refused), Some(Some(Unreached::Refused))),
        (13, None, None),
        (23, None, Some(None)),
        (99, None, None),
    ] {
        let now = Moment::from_micros(second * 1_000_000);
        assert_eq!(target.news(ended, now), news, "at {second} s");
    }
}
