//! The retry story, row by row.

use std::time::Duration;

use super::*;

const READ: (Duty, Wants) = (Duty::Read, Wants::Answer);
const HEAVY: (Duty, Wants) = (Duty::Heavy, Wants::Answer);
const SEND: (Duty, Wants) = (Duty::Send, Wants::Answer);
const NOTE: (Duty, Wants) = (Duty::Read, Wants::Nothing);

struct Row {
    outcome: Outcome,
    call: (Duty, Wants),
    sent: u32,
    late: bool,
    tokens: u32,
}

fn row(outcome: Outcome, call: (Duty, Wants)) -> Row {
    Row {
        outcome,
        call,
        sent: 1,
        late: false,
        tokens: 1,
    }
}

fn check(row: &Row, expected: Next) {
    let allowance = Allowance {
        sent_max: 2,
        deadline: Moment::ZERO.after(Duration::from_secs(10)),
    };
    let budget = Budget::new(row.tokens, 0);
    let now = allowance.deadline.after(Duration::ZERO);
    let now = if row.late { now } else { Moment::ZERO };
    let found = next(row.outcome, row.call, row.sent, (&allowance, &budget), now);
    assert_eq!(
        found, expected,
        "{:?} {:?} sent {}",
        row.outcome, row.call, row.sent
    );
    let spent = found == Next::Again && row.outcome != Outcome::NotSent;
    assert_eq!(budget.tokens(), u64::from(row.tokens - u32::from(spent)));
}

#[test]
fn an_answer_is_never_repeated() {
    for call in [READ, HEAVY, SEND, NOTE] {
        check(&row(Outcome::Answer, call), Next::Done);
    }
}

#[test]
fn reads_go_on_while_tries_time_and_tokens_last() {
    let ends = [
        (Outcome::Missing, Next::Done),
        (Outcome::NoMethod, Next::Done),
        (Outcome::Busy, Next::Refuse(Refuse::Busy)),
        (Outcome::Broken, Next::Refuse(Refuse::Failed)),
        (Outcome::TimedOut, Next::Refuse(Refuse::TimedOut)),
    ];
    for (outcome, end) in ends {
        check(&row(outcome, READ), Next::Again);
        check(
            &Row {
                sent: 2,
                ..row(outcome, READ)
            },
            end,
        );
        check(
            &Row {
                late: true,
                ..row(outcome, READ)
            },
            end,
        );
        check(
            &Row {
                tokens: 0,
                ..row(outcome, READ)
            },
            end,
        );
        check(&row(outcome, NOTE), end);
    }
}

#[test]
fn a_heavy_read_that_timed_out_is_not_asked_for_twice() {
    check(
        &row(Outcome::TimedOut, HEAVY),
        Next::Refuse(Refuse::TimedOut),
    );
    check(&row(Outcome::Broken, HEAVY), Next::Again);
}

#[test]
fn a_send_whose_bytes_left_goes_to_nobody_else() {
    for sent in 1..4 {
        let of = |outcome| Row {
            sent,
            ..row(outcome, SEND)
        };
        check(&of(Outcome::Broken), Next::Refuse(Refuse::OutcomeUnknown));
        check(&of(Outcome::TimedOut), Next::Refuse(Refuse::OutcomeUnknown));
        check(&of(Outcome::Busy), Next::Refuse(Refuse::Busy));
        check(&of(Outcome::Missing), Next::Done);
        check(&of(Outcome::NoMethod), Next::Done);
    }
}

#[test]
fn whoever_got_nothing_costs_nothing() {
    for call in [READ, HEAVY, SEND, NOTE] {
        let free = Row {
            sent: 0,
            tokens: 0,
            ..row(Outcome::NotSent, call)
        };
        check(&free, Next::Again);
        let late = Row { late: true, ..free };
        check(&late, Next::Refuse(Refuse::TimedOut));
    }
}
