//! Stories about the front door when it cannot be opened wide enough.

use super::*;

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
