//! The systems of this build. Taking one out is deleting its folder and its line.

use config::Section;
use db::Migrations;
use web::System;

pub fn all() -> Vec<System> {
    vec![identity::system(), activity::system(), status::system()]
}

/// The settings of the kernel and of every system.
pub fn sections() -> Vec<&'static Section> {
    let own = all().into_iter().flat_map(|system| system.sections.iter().copied());
    config::sections::KERNEL.iter().copied().chain(own).collect()
}

/// The tables of the kernel and of every system, in the order in which they are made.
pub fn migrations() -> Vec<Migrations> {
    let own = all().into_iter().map(|system| system.migrations);
    [journal::MIGRATIONS, web::MIGRATIONS].into_iter().chain(own).filter(|all| !all.steps.is_empty()).collect()
}
