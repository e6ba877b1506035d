//! Stories about silence.

use crate::socket::pulse::Beat;
use crate::socket::pulse::Pulse;

#[test]
fn two_pings_may_be_missed_while_the_client_is_listened_to() {
    // What came before each beat: something (`h`), nothing (`-`), nothing while not reading (`p`).
    for (story, beats) in [
        ("---", "ppg"),
        ("h---", "pppg"),
        ("--h--", "ppppp"),
        ("--pppp-", "pprrrrg"),
        ("pppp--h", "rrrrppp"),
    ] {
        let mut pulse = Pulse::default();
        let said: String = story
            .chars()
            .map(|came| {
                if came == 'h' {
                    pulse.heard();
                }
                match pulse.beat(came != 'p') {
                    Beat::Ping => 'p',
                    Beat::Rest => 'r',
                    Beat::Gone => 'g',
                }
            })
            .collect();
        assert_eq!(said, beats, "{story}");
    }
}
