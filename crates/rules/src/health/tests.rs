//! Up, down and behind, probe by probe and round by round.

use super::*;

const LIMITS: LagLimits = LagLimits {
    max: 10,
    at_once: 30,
};

/// Probes as letters: `+` answered, `-` failed, digits so many dropped connections.
fn link(probes: &str) -> Link {
    let mut health = Health::default();
    for probe in probes.chars() {
        match probe {
            '+' => health.answered(2),
            '-' => health.failed(3),
            digit => health.dropped(digit.to_digit(10).unwrap(), 3),
        }
    }
    health.link()
}

#[test]
fn three_failures_in_a_row_and_two_answers_in_a_row() {
    let told = [
        ("", Link::Unknown),
        ("--", Link::Unknown),
        ("+", Link::Up),
        ("---", Link::Down),
        ("+--", Link::Up),
        ("+---", Link::Down),
        ("+--+--", Link::Up),
        ("---+", Link::Down),
        ("---+-+", Link::Down),
        ("---++", Link::Up),
    ];
    for (probes, expected) in told {
        assert_eq!(link(probes), expected, "{probes:?}");
    }
}

#[test]
fn dropped_connections_hasten_the_fall_but_a_probe_has_the_last_word() {
    let told = [
        ("+9", Link::Up),
        ("+999", Link::Up),
        ("+9-", Link::Down),
        ("+1-", Link::Up),
        ("+9+--", Link::Up),
        ("+-9-", Link::Down),
    ];
    for (probes, expected) in told {
        assert_eq!(link(probes), expected, "{probes:?}");
    }
}

fn lagging(rounds: &[u64], may_eject: bool) -> bool {
    let mut health = Health::default();
    rounds
        .iter()
        .for_each(|blocks| health.lags(*blocks, LIMITS, may_eject));
    health.is_lagging()
}

#[test]
fn two_rounds_beyond_put_out_and_two_within_bring_back() {
    let told: [(&[u64], bool); 10] = [
        (&[10, 10, 10], false),
        (&[11], false),
        (&[11, 11], true),
        (&[11, 10, 11], false),
        (&[30], false),
        (&[31], true),
        (&[31, 0], true),
        (&[31, 10, 10], false),
        (&[31, 0, 11, 0], true),
        (&[11, 11, 0, 0, 11], false),
    ];
    for (rounds, expected) in told {
        assert_eq!(lagging(rounds, true), expected, "{rounds:?}");
        assert!(!lagging(rounds, false), "{rounds:?} of a halted chain");
    }
}
