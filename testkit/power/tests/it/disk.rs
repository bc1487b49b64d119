//! The model of the disk, on records that are made up.

use std::path::Path;

use peers::Folder;
use power::{Disk, Keeps, Record, text};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// Everything that many cuts after these lines leave of the file `/r/a`; `None` when it is gone.
fn left(keeps: Keeps, lines: &[String]) -> Vec<Option<Vec<u8>>> {
    let folder = Folder::new();
    let mut record = Record::default();
    record.add(lines.iter().cloned(), Path::new("/r"));
    let mut found = Vec::new();
    for seed in 0..60 {
        let mut disk = Disk::new(keeps, StdRng::seed_from_u64(seed));
        for step in &record.steps {
            disk.follow(*step, &record.calls);
        }
        let into = folder.join(seed.to_string());
        std::fs::create_dir(&into).unwrap();
        disk.cut(Path::new("/r"), &into, &mut StdRng::seed_from_u64(seed));
        found.push(std::fs::read(into.join("a")).ok());
    }
    found
}

fn open() -> String {
    format!("7 openat(AT_FDCWD</>, \"{path}\", O_RDWR|O_CREAT, 0600) = 3<{path}>", path = text(b"/r/a"))
}

fn write(byte: u8, length: usize, at: usize) -> String {
    let data = text(&vec![byte; length]);
    format!("7 pwrite64(3<{}>, \"{data}\", {length}, {at}) = {length}", text(b"/r/a"))
}

fn sync(path: &[u8]) -> String {
    format!("7 fsync(3<{}>) = 0", text(path))
}

#[test]
fn what_was_synced_is_there_and_what_was_not_is_torn_by_sectors() {
    let lines = [open(), write(1, 8192, 0), sync(b"/r/a"), sync(b"/r"), write(2, 8192, 0)];
    let found: Vec<_> = left(Keeps::NamesByFolder, &lines).into_iter().map(Option::unwrap).collect();
    for content in &found {
        assert_eq!(content.len(), 8192);
        assert!(
            content
                .chunks(512)
                .all(|sector| sector.iter().all(|byte| *byte == sector[0] && [1, 2].contains(byte)))
        );
    }
    let some = |wanted: &dyn Fn(&[u8]) -> bool| found.iter().any(|content| wanted(content));
    assert!(some(&|content| content.iter().all(|byte| *byte == 1)), "the write is never lost");
    assert!(some(&|content| content.iter().all(|byte| *byte == 2)), "the write never gets there");
    assert!(some(&|content| content.contains(&1) && content.contains(&2)), "the write is never torn");
}

#[test]
fn a_name_is_kept_by_a_sync_of_its_folder_and_in_a_journal_by_any() {
    let lines = [open(), write(1, 512, 0), sync(b"/r/a")];
    assert!(left(Keeps::NamesByFolder, &lines).contains(&None), "the name is never lost");
    assert!(left(Keeps::NamesInOrder, &lines).iter().all(Option::is_some));
    let lines = [lines.as_slice(), &[sync(b"/r")]].concat();
    assert!(left(Keeps::NamesByFolder, &lines).iter().all(Option::is_some));
}

#[test]
fn a_write_that_began_later_than_the_sync_is_not_covered() {
    let mut lines = vec![open(), write(1, 512, 0), sync(b"/r/a"), sync(b"/r")];
    lines.push(format!("8 fsync(3<{}> <unfinished ...>", text(b"/r/a")));
    lines.push(write(2, 512, 0));
    lines.push("8 <... fsync resumed>) = 0".to_owned());
    let found = left(Keeps::NamesByFolder, &lines);
    assert!(found.iter().flatten().any(|content| content[0] == 1), "the late write is taken for synced");
}

#[test]
fn what_a_failed_sync_dropped_no_later_sync_brings_back() {
    let mut lines = vec![open(), write(1, 512, 0), sync(b"/r/a"), sync(b"/r"), write(2, 512, 0)];
    lines.push(format!("7 fsync(3<{}>) = -1 EIO (Input/output error) (INJECTED)", text(b"/r/a")));
    lines.push(sync(b"/r/a"));
    let found = left(Keeps::NamesByFolder, &lines);
    assert!(found.iter().flatten().any(|content| content[0] == 1), "the later sync is believed");
    lines.extend([write(2, 512, 0), sync(b"/r/a")]);
    let found = left(Keeps::NamesByFolder, &lines);
    assert!(found.iter().flatten().all(|content| content[0] == 2), "written again, it is there");
}

#[test]
fn a_rename_is_there_or_not_and_never_half() {
    let made = [open(), write(1, 512, 0), sync(b"/r/a"), sync(b"/r")];
    let (new, old) = (text(b"/r/b"), text(b"/r/a"));
    let again = [
        format!("7 openat(AT_FDCWD</>, \"{new}\", O_RDWR|O_CREAT, 0600) = 3<{new}>"),
        format!("7 pwrite64(3<{new}>, \"{}\", 512, 0) = 512", text(&[2; 512])),
        format!("7 fsync(3<{new}>) = 0"),
        format!("7 rename(\"{new}\", \"{old}\") = 0"),
    ];
    let found = left(Keeps::NamesByFolder, &[made.as_slice(), &again].concat());
    assert!(
        found.iter().all(|content| content.as_ref().is_some_and(|content| *content == [content[0]; 512]))
    );
    assert!(found.iter().flatten().any(|content| content[0] == 1), "the rename is never lost");
    assert!(found.iter().flatten().any(|content| content[0] == 2), "the rename never gets there");
}
