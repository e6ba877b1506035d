//! Picking among a thousand backends costs about what picking among three does.

use super::*;

/// Wider than the bench's own limit, because tests run beside others and without optimisation; a
/// pick that looks at every backend would be hundreds of times slower.
const GENEROUS: f64 = 4.0;

#[test]
fn picking_does_not_get_slower_with_the_number_of_backends() {
    let speeds = measure(21, 2000);
    assert!(
        speeds.iter().all(|speed| speed.nanos.least > 0.0),
        "{speeds:?}"
    );
    assert!(growth(&speeds) < GENEROUS, "{speeds:?}");
}
