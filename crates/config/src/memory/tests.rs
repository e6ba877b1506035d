//! Stories about `memory`.

use super::*;

#[test]
fn the_machine_says_kibibytes() {
    let meminfo = "MemTotal:        2048 kB\nMemFree:  1 kB\n";
    assert_eq!(machine_bytes(meminfo), Some(2 << 20));
    assert_eq!(machine_bytes("MemFree: 1 kB\n"), None);
    assert_eq!(machine_bytes("MemTotal: lots\n"), None);
}

#[test]
fn both_versions_of_cgroups_are_looked_for() {
    let files = limit_files("9:name=x:/a\n4:memory:/box/1\n0::/system.slice/h.service\n\nodd\n");
    let found = |name: &str| files.iter().any(|file| file == name);
    assert!(found("/sys/fs/cgroup/memory/box/1/memory.limit_in_bytes"));
    assert!(found("/sys/fs/cgroup/system.slice/h.service/memory.max"));
    assert_eq!(files.len(), 4);
}

#[test]
fn something_is_always_allowed() {
    assert!(allowed_bytes() > 0);
}
