//! Stories about the timer that is moved seldom.

use std::future::poll_fn;
use std::time::Duration;

use super::*;

/// Waits for a deadline so many seconds after the clock's start; gives the seconds it is then.
async fn wait(alarm: &mut Alarm, clock: Clock, seconds: u64) -> u64 {
    let due = Moment::ZERO.after(Duration::from_secs(seconds));
    poll_fn(|cx| alarm.poll(cx, due)).await;
    clock.now().since(Moment::ZERO).as_secs()
}

#[tokio::test(start_paused = true)]
async fn it_rings_when_a_deadline_has_come_earlier_or_later_than_the_last() {
    let clock = Clock::start();
    let mut alarm = Alarm::new(clock);
    let set = |alarm: &mut Alarm, seconds| {
        let due = Moment::ZERO.after(Duration::from_secs(seconds));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(alarm.poll(&mut cx, due).is_pending());
    };
    set(&mut alarm, 100);
    assert_eq!(wait(&mut alarm, clock, 10).await, 10);
    set(&mut alarm, 20);
    assert_eq!(wait(&mut alarm, clock, 40).await, 40);
    assert_eq!(wait(&mut alarm, clock, 5).await, 40);
}
