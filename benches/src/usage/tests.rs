//! Lines of `/proc` as the kernel prints them, and this very process.

use super::*;

#[test]
fn a_name_with_brackets_and_spaces_does_not_shift_the_fields() {
    let check = |line: &str, wanted: Option<(u32, u32, u64)>| {
        let found = parse(line).map(|stat| (stat.pid, stat.parent, stat.ticks));
        assert_eq!(found, wanted, "{line}");
    };
    let fields = "S 7 1 1 0 -1 4194560 900 0 0 0 30 12 5 1 20 0 3 0";
    check(&format!("42 (nginx) {fields}"), Some((42, 7, 48)));
    check(&format!("42 (a b) c) {fields}"), Some((42, 7, 48)));
    check("42 (nginx) S 7", None);
    check("", None);
}

#[test]
fn memory_is_told_in_kibibytes() {
    let status = "Name:\tnginx\nVmHWM:\t    4096 kB\nVmRSS:\t    2048 kB\n";
    assert_eq!(memory(status, "VmRSS:"), 2048 * 1024);
    assert_eq!(memory(status, "VmHWM:"), 4096 * 1024);
    assert_eq!(memory(status, "VmSwap:"), 0);
}

#[test]
fn this_process_has_memory_and_one_that_never_was_has_none() {
    let usage = of_tree(std::process::id()).unwrap();
    assert!(
        usage.rss_bytes > 0 && usage.peak_rss_bytes >= usage.rss_bytes,
        "{usage:?}"
    );
    assert_eq!(
        of_tree(u32::MAX).unwrap_err().kind(),
        io::ErrorKind::NotFound
    );
}
