//! The systems of this build. Taking one out is deleting its folder and its line.

use config::Section;
use db::Migrations;
use web::System;

pub(crate) fn all() -> Vec<System> {
    vec![
        identity::system(),
        settings::system(),
        activity::system(),
        jobs::system(),
        status::system(),
        #[cfg(feature = "trials")]
        trials::system(),
    ]
}

/// The settings of the kernel and of every system.
pub(crate) fn sections() -> Vec<&'static Section> {
    web::sections(&all())
}

/// The tables of the kernel and of every system, in the order in which they are made.
pub(crate) fn migrations() -> Vec<Migrations> {
    web::migrations(&all())
}

/// Every number that this build gives out.
pub(crate) fn metrics() -> Vec<telemetry::metrics::Meaning> {
    web::metrics(&all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_names_every_schedule_and_no_other() {
        let page = include_str!("../../docs/guide/schedules.md");
        let mut known: Vec<_> =
            all().iter().flat_map(|system| system.schedules).map(|one| one.name).collect();
        known.sort_unstable();
        // Its one table, which is in the order of the names.
        let told: Vec<_> =
            page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        assert_eq!(told, known);
    }
}
