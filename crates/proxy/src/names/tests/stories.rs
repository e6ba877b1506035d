//! Names on a stopped clock.

use futures_util::future::join_all;
use tokio::time::advance;
use tokio::time::timeout;

use super::*;

const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));
const HOUR: Duration = Duration::from_secs(3600);

struct Story {
    name: Name,
    book: Book,
    clock: Clock,
}

impl Story {
    fn new(page: Page) -> Self {
        let book = Book::default();
        book.write("node.test", page);
        Self {
            name: Name::new("node.test".to_owned()),
            book,
            clock: Clock::start(),
        }
    }

    async fn dial(&self) -> Vec<IpAddr> {
        let resolver = Resolver::Book(self.book.clone());
        self.name.addresses(&resolver, &self.clock).await.to_vec()
    }

    /// Dials, and checks what came of it and how many look-ups there have been.
    async fn expect(&self, addresses: &[IpAddr], looks: usize) {
        assert_eq!(self.dial().await, addresses);
        assert_eq!(self.book.looks(), looks);
    }
}

async fn pass(millis: u64) {
    advance(Duration::from_millis(millis)).await;
}

#[tokio::test(start_paused = true)]
async fn an_address_is_its_own_name() {
    let story = Story {
        name: Name::new("10.0.0.2".to_owned()),
        ..Story::new(Page::Fails)
    };
    story.expect(&[B], 0).await;
}

#[tokio::test(start_paused = true)]
async fn addresses_are_believed_for_thirty_seconds() {
    let story = Story::new(Page::Says(vec![A, B]));
    story.expect(&[A, B], 1).await;
    story.book.write("node.test", Page::Says(vec![B]));
    pass(29_999).await;
    story.expect(&[A, B], 1).await;
    pass(1).await;
    story.expect(&[B], 2).await;
}

#[tokio::test(start_paused = true)]
async fn a_crowd_shares_one_look_up() {
    let slow = Page::After(Duration::from_millis(100), Box::new(Page::Says(vec![A])));
    let story = Story::new(slow);
    let all = join_all((0..100).map(|_| story.dial())).await;
    assert!(all.iter().all(|addresses| addresses == &[A]));
    assert_eq!(story.book.looks(), 1);
    pass(30_000).await;
    join_all((0..100).map(|_| story.dial())).await;
    assert_eq!(story.book.looks(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_name_is_looked_up_once_a_second() {
    for page in [Page::Fails, Page::Says(Vec::new())] {
        let story = Story::new(page);
        for _ in 0..10 {
            story.expect(&[], 1).await;
            pass(99).await;
        }
        pass(10).await;
        story.expect(&[], 2).await;
        story.book.write("node.test", Page::Says(vec![A]));
        story.expect(&[], 2).await;
        pass(1_000).await;
        story.expect(&[A], 3).await;
    }
}

#[tokio::test(start_paused = true)]
async fn old_addresses_serve_while_nobody_can_say() {
    let story = Story::new(Page::Says(vec![A]));
    story.expect(&[A], 1).await;
    story.book.write("node.test", Page::Fails);
    pass(30_000).await;
    story.expect(&[A], 2).await;
    story.expect(&[A], 2).await;
    pass(269_999).await;
    story.expect(&[A], 3).await;
    pass(1_000).await;
    story.expect(&[], 4).await;
    story.book.write("node.test", Page::Says(vec![B]));
    pass(1_000).await;
    story.expect(&[B], 5).await;
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_hangs_stops_nobody_who_has_old_addresses() {
    let story = Story::new(Page::Says(vec![A]));
    story.expect(&[A], 1).await;
    let hangs = Page::After(HOUR, Box::new(Page::Says(vec![B])));
    story.book.write("node.test", hangs);
    pass(30_000).await;
    for _ in 0..10 {
        let before = story.clock.now();
        story.expect(&[A], 2).await;
        assert_eq!(story.clock.now().since(before), PATIENCE);
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_up_outlives_whoever_asked_for_it() {
    let slow = Page::After(Duration::from_secs(3), Box::new(Page::Says(vec![A])));
    let story = Story::new(slow);
    for _ in 0..2 {
        let gave_up = timeout(Duration::from_secs(1), story.dial()).await;
        assert!(gave_up.is_err());
    }
    story.expect(&[A], 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_name_is_asked_again_when_nobody_was_there_but_not_each_time() {
    let story = Story::new(Page::Says(vec![A]));
    story.expect(&[A], 1).await;
    story.book.write("node.test", Page::Says(vec![B]));
    for _ in 0..10 {
        story.name.doubt();
        story.expect(&[A], 1).await;
    }
    pass(1_000).await;
    story.name.doubt();
    story.expect(&[B], 2).await;
}
