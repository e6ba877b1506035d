//! How many connections fit into which limit.

use super::*;

#[test]
fn clients_leave_three_files_of_ten_to_others() {
    for (open_max, connections) in [
        (Some(0), 0),
        (Some(64), 44),
        (Some(1_024), 716),
        (Some(1 << 20), 734_003),
        (Some(u64::MAX), 12_912_720_851_596_686_130),
        (None, usize::MAX),
    ] {
        assert_eq!(share(open_max), connections, "{open_max:?}");
    }
}
