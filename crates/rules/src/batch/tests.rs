//! Batches taken apart.

use super::*;
use crate::method::Label;

const fn class(pool: Pool, duty: Duty, head: HeadNeed) -> Class {
    Class {
        pool,
        duty,
        head,
        label: Label::OTHER,
    }
}

const READ: Class = class(Pool::Read, Duty::Read, HeadNeed::Bound);
const FREE: Class = class(Pool::Read, Duty::Read, HeadNeed::Free);
const LOGS: Class = class(Pool::Heavy, Duty::Heavy, HeadNeed::Bound);
const SEND: Class = class(Pool::Write, Duty::Send, HeadNeed::Bound);
const PRICE: Class = class(Pool::Write, Duty::Read, HeadNeed::Bound);

fn check(calls: &[Class], max: usize, expected: &[&[usize]]) {
    let legs = legs(calls.iter().copied().enumerate(), max);
    let members: Vec<&[usize]> = legs.iter().map(|leg| &*leg.members).collect();
    assert_eq!(members, expected);
    for leg in &legs {
        let of = |at: &usize| &calls[*at];
        assert!(
            leg.members
                .iter()
                .map(of)
                .all(|class| class.pool == leg.pool && class.duty == leg.duty)
        );
        let bound = leg
            .members
            .iter()
            .map(of)
            .any(|class| class.head == HeadNeed::Bound);
        assert_eq!(leg.head == HeadNeed::Bound, bound);
    }
}

#[test]
fn one_leg_for_each_pool_and_duty_in_the_order_of_the_client() {
    check(&[], 9, &[]);
    check(&[READ, READ], 9, &[&[0, 1]]);
    check(
        &[READ, LOGS, SEND, READ, PRICE, SEND],
        9,
        &[&[0, 3], &[1], &[2, 5], &[4]],
    );
    check(&[FREE, FREE], 9, &[&[0, 1]]);
    check(&[FREE, READ], 9, &[&[0, 1]]);
}

#[test]
fn long_legs_are_cut_but_sends_stay_together() {
    check(&[READ; 5], 2, &[&[0, 1], &[2, 3], &[4]]);
    check(
        &[SEND, READ, SEND, READ, SEND],
        1,
        &[&[0, 2, 4], &[1], &[3]],
    );
}
