//! The rooms of a system have the same names everywhere, and `.sql` files lie where they are looked for.

use crate::tree::Source;
use crate::{Finding, Tree};

/// A room may be split as `api_public.rs`; the name before the line says which rules hold in it.
const ROOMS: [&str; 12] = [
    "lib",
    "mod",
    "model",
    "api",
    "ops",
    "store",
    "jobs",
    "settings",
    "events",
    "access",
    "permissions",
    "tests",
];
/// Rooms that may be a folder when they outgrow a file; inside, files are named after what is in them.
const FOLDERS: [&str; 4] = ["api", "ops", "store", "model"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let rust = tree.rust().filter_map(room);
    let sql = tree.sources.iter().filter(|source| source.is("sql")).filter_map(migration);
    rust.chain(sql).collect()
}

fn room(source: &Source) -> Option<Finding> {
    let inside = source.path.strip_prefix("systems/")?.split_once("/src/")?.1;
    let parts: Vec<&str> = inside.split('/').collect();
    let (_, folders) = parts.split_last()?;
    // systems/status/src/events/api/public.rs: a noun, a room, a file in it.
    let in_room = folders.iter().take(2).any(|folder| FOLDERS.contains(folder) || *folder == "tests");
    let stem = source.stem();
    let room = stem.split_once('_').map_or(stem, |(room, _)| room);
    if folders.len() > 2 && !in_room {
        let what = "a noun three folders deep";
        return Some(Finding::new("rooms", &source.path, 1, what, "move it up, as a noun beside the others"));
    }
    let why = if in_room || ROOMS.contains(&room) { None } else { not_pure(source) };
    why.map(|(line, why)| {
        let what = format!("`{stem}.rs` is no room and {why}");
        let to_do = format!(
            "put that into one of: {}; only a part of the model has a name of its own",
            ROOMS.join(", ")
        );
        Finding::new("rooms", &source.path, line, what, to_do)
    })
}

/// A part of the model may be a file of its own, under the name of what it is about, as long as it is pure.
fn not_pure(source: &Source) -> Option<(usize, String)> {
    const EFFECTS: [&str; 7] = ["axum", "db", "journal", "tokio", "tasks", "web", "cache"];
    let mentions = &source.mentions;
    let effect = mentions.paths.iter().find_map(|(line, path)| {
        let full = mentions.resolved(path);
        let first = full.split("::").next().unwrap_or_default();
        EFFECTS.contains(&first).then(|| (*line, format!("names `{full}`")))
    });
    effect.or_else(|| mentions.waits.map(|line| (line, "waits".to_owned())))
}

fn migration(source: &Source) -> Option<Finding> {
    if source.is_test() || source.folders().any(|folder| folder == "store") {
        return None;
    }
    if !source.folders().any(|folder| folder == "migrations") {
        let to_do = "move it to migrations/ or store/";
        return Some(Finding::new("rooms", &source.path, 1, "SQL outside its rooms", to_do));
    }
    let name = source.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".sql");
    let name = name.trim_end_matches(".sqlite").trim_end_matches(".postgres");
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let numbered = name.split_once('_').is_some_and(|(number, rest)| {
        number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()) && word(rest)
    });
    let to_do = "name it NNNN_name.sql, or NNNN_name.sqlite.sql and NNNN_name.postgres.sql";
    (!numbered).then(|| Finding::new("rooms", &source.path, 1, "a migration without its number", to_do))
}
