//! Stories about files that change: each way in which people and machines change them.

use std::os::unix::fs::symlink;

use super::*;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("headway-{name}-{}", std::process::id()));
        let _not_there = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// What so many looks find.
fn looks(files: &mut Files, count: usize) -> Vec<bool> {
    (0..count).map(|_| files.look()).collect()
}

#[test]
fn a_change_is_told_once_and_only_when_it_has_settled() {
    let folder = Folder::new("settled");
    folder.write("proxy.toml", "one");
    let mut files = Files::new(vec![folder.path("proxy.toml")]);
    assert_eq!(looks(&mut files, 2), [false, false]);
    folder.write("proxy.toml", "half of tw");
    assert!(!files.look(), "it may still be written");
    folder.write("proxy.toml", "all of two, at last");
    assert_eq!(looks(&mut files, 4), [false, true, false, false]);
}

#[test]
fn a_file_renamed_into_place_is_another_file() {
    let folder = Folder::new("renamed");
    folder.write("proxy.toml", "one");
    let mut files = Files::new(vec![folder.path("proxy.toml")]);
    folder.write("proxy.toml~", "two");
    fs::rename(folder.path("proxy.toml~"), folder.path("proxy.toml")).unwrap();
    assert_eq!(looks(&mut files, 3), [false, true, false]);
}

#[test]
fn the_links_of_a_kubernetes_volume_are_followed() {
    let folder = Folder::new("linked");
    for (version, text) in [("..1", "one"), ("..2", "two")] {
        folder.write(&format!("{version}/proxy.toml"), text);
    }
    symlink("..1", folder.path("..data")).unwrap();
    symlink("..data/proxy.toml", folder.path("proxy.toml")).unwrap();
    let mut files = Files::new(vec![folder.path("proxy.toml")]);
    assert_eq!(looks(&mut files, 2), [false, false]);
    symlink("..2", folder.path("..data_tmp")).unwrap();
    fs::rename(folder.path("..data_tmp"), folder.path("..data")).unwrap();
    fs::remove_dir_all(folder.path("..1")).unwrap();
    assert_eq!(looks(&mut files, 3), [false, true, false]);
}

#[test]
fn a_file_may_come_and_go() {
    let folder = Folder::new("gone");
    let mut files = Files::new(vec![folder.path("proxy.toml")]);
    folder.write("proxy.toml", "one");
    assert_eq!(looks(&mut files, 3), [false, true, false]);
    fs::remove_file(folder.path("proxy.toml")).unwrap();
    assert!(!files.look());
    // Some editors take a file away for a moment.
    folder.write("proxy.toml", "two, which is longer");
    assert_eq!(looks(&mut files, 3), [false, true, false]);
    fs::remove_file(folder.path("proxy.toml")).unwrap();
    assert_eq!(looks(&mut files, 3), [false, true, false]);
}

#[test]
fn another_list_of_files_forgets_no_change() {
    let folder = Folder::new("followed");
    folder.write("proxy.toml", "one");
    let mut files = Files::new(vec![folder.path("proxy.toml")]);
    folder.write("proxy.toml", "two, while it was read");
    folder.write("secret", "new here");
    files.follow(vec![folder.path("secret"), folder.path("proxy.toml")]);
    assert_eq!(looks(&mut files, 3), [false, true, false]);
    folder.write("secret", "changed, and longer");
    assert_eq!(looks(&mut files, 3), [false, true, false]);
}
