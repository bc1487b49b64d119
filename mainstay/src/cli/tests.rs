//! The command line as data, held against its guide and its conventions.

use super::*;

/// Every command with its full name: `config explain`.
fn all() -> Vec<(String, clap::Command)> {
    fn walk(command: &clap::Command, name: &str, into: &mut Vec<(String, clap::Command)>) {
        for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
            let name = format!("{name} {}", below.get_name()).trim().to_owned();
            walk(below, &name, into);
            into.push((name, below.clone()));
        }
    }
    let mut list = Vec::new();
    walk(&command(), "", &mut list);
    list
}

#[test]
fn the_command_line_fits_together() {
    command().debug_assert();
}

#[test]
fn the_guide_lists_every_command_and_flag() {
    let guide = include_str!("../../../docs/guide/command-line.md");
    for (name, command) in all() {
        assert!(
            guide.contains(&format!("`mainstay {name}")),
            "docs/guide/command-line.md does not list `{name}`"
        );
        for flag in command.get_arguments().filter(|flag| !flag.is_hide_set()) {
            if let Some(long) = flag.get_long() {
                assert!(guide.contains(&format!("--{long}")), "the guide does not name --{long} of `{name}`");
            }
        }
    }
}

#[test]
fn every_command_and_flag_says_what_it_is() {
    for (name, command) in all() {
        assert!(command.get_about().is_some(), "`{name}` says nothing about itself");
        for flag in command.get_arguments().filter(|flag| !flag.is_hide_set() && !flag.is_positional()) {
            assert!(flag.get_help().is_some(), "--{} of `{name}` says nothing", flag.get_id());
        }
    }
}

#[test]
fn a47_no_flag_takes_a_secret() {
    for (name, command) in all() {
        for flag in command.get_arguments() {
            let id = flag.get_id().as_str();
            let secret = ["password", "secret", "token"].iter().any(|word| id.contains(word));
            assert!(
                !secret || !flag.get_action().takes_values(),
                "--{id} of `{name}` puts a secret on a command line"
            );
        }
    }
}

#[test]
fn exit_codes_are_those_of_the_guide() {
    let guide = include_str!("../../../docs/guide/command-line.md");
    for code in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 130] {
        assert!(guide.contains(&format!("| {code} |")), "the guide does not explain exit code {code}");
    }
    assert_eq!(Exit::from_code(Exit::InUse as u8), Exit::InUse);
    assert_eq!(Exit::from_code(99), Exit::Failed);
}
