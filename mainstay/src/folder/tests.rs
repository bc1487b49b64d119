//! The data folder, on a real disk.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_is_made_for_its_owner_alone() {
    let place = tempfile::tempdir().unwrap();
    let path = prepare(&place.path().join("a/b")).unwrap();
    assert!(path.is_absolute());
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
    mode(&path, 0o777);
    let refused = prepare(&path).unwrap_err();
    assert!(refused.next_step.contains("chmod 700"), "{}", refused.next_step);
    std::fs::write(place.path().join("file"), "").unwrap();
    assert!(prepare(&place.path().join("file")).unwrap_err().what.contains("not a folder"));
}

#[test]
fn two_locks_on_one_folder_are_refused_with_what_to_do() {
    let place = tempfile::tempdir().unwrap();
    let first = Lock::take(place.path()).unwrap();
    let refused = Lock::take(place.path()).unwrap_err();
    assert!(refused.in_use);
    assert!(refused.what.contains(&format!("process {}", std::process::id())), "{}", refused.what);
    assert!(refused.next_step.contains("--data"));
    drop(first);
    Lock::take(place.path()).unwrap();
}

#[test]
fn a47_a_secret_is_made_once_and_refused_when_others_can_read_it() {
    let place = tempfile::tempdir().unwrap();
    let secret = read_or_make_secret(place.path()).unwrap();
    assert_eq!(secret.len(), 64);
    assert_eq!(read_or_make_secret(place.path()).unwrap(), secret);
    let path = place.path().join(SECRET_FILE);
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    for open in [0o644, 0o640, 0o604] {
        mode(&path, open);
        let refused = read_or_make_secret(place.path()).unwrap_err();
        assert!(refused.next_step.contains("chmod 600"), "{}", refused.next_step);
    }
    mode(&path, 0o600);
    std::fs::write(&path, "short").unwrap();
    assert!(read_or_make_secret(place.path()).unwrap_err().what.contains("damaged"));
    let elsewhere = place.path().join("elsewhere");
    std::fs::rename(&path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert!(read_or_make_secret(place.path()).unwrap_err().next_step.contains("no link"));
}
