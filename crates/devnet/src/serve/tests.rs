//! When a connection counts as idle for too long.

use super::*;

/// What happens on a connection, second by second, and whether it is still open at the end.
async fn is_open(kind: Kind, story: &[(u64, Doing)]) -> bool {
    let doing = watch::Sender::new(Doing::Fresh);
    let telling = async {
        for (seconds, next) in story {
            sleep(Duration::from_secs(*seconds)).await;
            doing.send_replace(*next);
        }
    };
    tokio::select! {
        biased;
        () = idle(kind, doing.subscribe()) => false,
        () = telling => true,
    }
}

#[tokio::test(start_paused = true)]
async fn only_miners_close_and_only_after_an_answer() {
    use Doing::Busy;
    use Doing::Idle;
    let told = [
        (Kind::Miner, vec![(600, Busy), (600, Idle), (4, Busy)], true),
        (Kind::Miner, vec![(0, Idle), (6, Busy)], false),
        (
            Kind::Miner,
            vec![(0, Idle), (4, Busy), (4, Idle), (4, Busy)],
            true,
        ),
        (
            Kind::Miner,
            vec![(0, Idle), (4, Busy), (4, Idle), (6, Busy)],
            false,
        ),
        (Kind::Read, vec![(0, Idle), (600, Busy)], true),
        (Kind::Nodeos, vec![(0, Idle), (600, Busy)], true),
        (Kind::Leader, vec![(0, Idle), (600, Busy)], true),
    ];
    for (kind, story, open) in told {
        assert_eq!(is_open(kind, &story).await, open, "{kind} {story:?}");
    }
}
