//! Identity: people, what they are in which workspace, and how a request proves whose it is.
//!
//! Owns people, sessions, second factors, sign-in at providers, API keys, workspaces with their members, roles and invitations,
//! setup and the plain pages. Refuses to know what any other system's permissions mean: it only knows that they were declared.

mod access;
mod addresses;
pub mod admin;
mod callers;
pub mod control;
mod events;
mod factors;
mod keys;
mod leaving;
mod letters;
mod links;
mod pages;
mod passwords;
mod people;
mod permissions;
mod refusals;
mod registration;
mod secrets;
mod service_accounts;
mod sessions;
mod settings;
pub mod setup;
mod signing;
mod sso;
mod workspaces;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use telemetry::metrics::{Meaning, counter};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use web::{App, System, Upkeep};

pub use admin::create_admin;
pub use passwords::Cost;
pub use people::{Status, email_key};
pub use settings::IdentitySettings;
pub use setup::link as setup_link;
pub use sso::ops::{Seen, look_at_providers};
pub use workspaces::{Role, control as workspace_control};

const MIGRATIONS: db::Migrations = db::Migrations {
    system: "identity",
    steps: &[
        db::migration!("0001_people"),
        db::migration!("0002_workspaces"),
        db::migration!("0003_sessions"),
        db::migration!("0004_api_keys"),
        db::migration!("0005_setup"),
        db::migration!("0006_refusals"),
        db::migration!("0010_leaving"),
        db::migration!("0011_mailed_links"),
        db::migration!("0020_roles"),
        db::migration!("0021_invitations"),
        db::migration!("0022_workspace_life"),
        db::migration!("0030_second_factors"),
        db::migration!("0031_required_factor"),
        db::migration!("0040_sso"),
        db::migration!("0050_cookie_sessions"),
        db::migration!("0051_api_keys"),
        db::migration!("0052_signing_rotation"),
    ],
};

/// What identity keeps in memory, shared by its handlers and the gate.
pub struct Identity {
    secrets: secrets::Secrets,
    passwords: passwords::Passwords,
    signing: signing::Signing,
    callers: callers::Callers,
    roles: workspaces::Roles,
    /// What a key that everybody sees may do.
    publishable: types::Rights,
    refusals: refusals::Refusals,
    directory: sso::Directory,
}

impl Identity {
    fn new(parts: &web::Parts) -> Self {
        let settings = parts.settings.get::<IdentitySettings>();
        let inst = callers::ground();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let waiting = usize::try_from(settings.password_queue).unwrap_or(usize::MAX);
        let issuer = signing::Issuer { issuer: settings.issuer.clone(), audience: "mainstay:api" };
        let roles = workspaces::Roles::new(parts.systems.iter().flat_map(|system| system.permissions));
        Self {
            secrets: secrets::Secrets::derive(&parts.keys),
            passwords: passwords::Passwords::new(settings.cost(), cores, waiting),
            signing: signing::Signing::new(issuer, inst.clone()),
            callers: callers::Callers::new(Duration::from_hours(1), inst, roles.clone()),
            roles,
            publishable: types::Rights::of(
                parts.systems.iter().flat_map(|system| system.publishable).map(|one| one.as_str()),
            ),
            refusals: refusals::Refusals::default(),
            directory: sso::Directory::default(),
        }
    }
}

/// What the binary lists.
pub const fn system() -> System {
    System {
        name: "identity",
        routes,
        pages: || pages::api::pages().merge(sso::pages()).merge(signing::published::api::pages()),
        migrations: MIGRATIONS,
        sections: &[
            &IdentitySettings::SECTION,
            &settings::SessionSettings::SECTION,
            &sso::SsoSettings::SECTION,
        ],
        permissions: permissions::PERMISSIONS,
        access: access::ACCESS,
        events: events::TYPES,
        audited: true,
        ids: &[
            ("per", "person"),
            ("wsp", "workspace"),
            ("rol", "role that a workspace made"),
            ("inv", "invitation"),
            ("ses", "session"),
            ("key", "API key"),
            ("sva", "service account"),
            ("sgk", "signing key"),
            ("idn", "identity at a provider"),
            ("pky", "passkey"),
        ],
        upkeep: UPKEEP,
        jobs: || {
            vec![
                letters::jobs::LETTER.registered(),
                leaving::jobs::ERASE.registered(),
                signing::jobs::ROTATE.registered(),
                workspaces::life::jobs::FORGET.registered(),
            ]
        },
        schedules: SCHEDULES,
        metrics: METRICS,
        install: |parts| {
            let identity = Arc::new(Identity::new(parts));
            parts.authenticate = Some(identity.clone());
            parts.directory = Some(identity.clone());
            parts.extensions.insert(identity);
            Ok(())
        },
        ..System::EMPTY
    }
}

const SCHEDULES: &[queue::Schedule] =
    &[leaving::jobs::SCHEDULE, signing::jobs::SCHEDULE, workspaces::life::jobs::SCHEDULE];

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(sessions::routes())
        .merge(registration::api::routes())
        .merge(passwords::api::routes())
        .merge(addresses::api::routes())
        .merge(leaving::api::routes())
        .merge(people::api::routes())
        .merge(people::api_export::routes())
        .merge(people::api_people::routes())
        .merge(keys::api::routes())
        .merge(service_accounts::api::routes())
        .merge(workspaces::api::routes())
        .merge(workspaces::members::api::routes())
        .merge(workspaces::members::api_own::routes())
        .merge(workspaces::roles::api::routes())
        .merge(workspaces::invitations::api::routes())
        .merge(workspaces::invitations::api_guest::routes())
        .merge(workspaces::life::api::routes())
        .merge(workspaces::settings::api::routes())
        .merge(workspaces::transfers::api::routes())
        .merge(workspaces::limits::api::routes())
        .merge(workspaces::operators::api::routes())
        .merge(workspaces::operators::api_limits::routes())
        .merge(setup::api::routes())
        .merge(sso::routes())
        .merge(factors::api::routes())
}

const UPKEEP: &[Upkeep] = &[
    Upkeep { name: "ended sessions", every: Duration::from_hours(1), run: sessions::jobs::prune },
    Upkeep { name: "refused sign-ins", every: Duration::from_mins(1), run: refusals::jobs::flush },
    Upkeep { name: "mailed links", every: Duration::from_hours(1), run: links::jobs::prune },
    Upkeep { name: "logins at providers", every: Duration::from_mins(10), run: sso::jobs::prune },
    Upkeep { name: "spent challenges", every: Duration::from_hours(1), run: factors::jobs::prune },
];

const METRICS: &[Meaning] = &[
    counter(
        "mainstay_sign_in_refusals_total",
        "Sign-ins and refreshes that were refused, by the code of the refusal.",
    ),
    counter(
        "mainstay_sign_ins_slowed_total",
        "Sign-ins that waited because their account was tried too often.",
    ),
    counter(
        "mainstay_letters_held_total",
        "Mails that were asked for and not sent, because the address had enough of them.",
    ),
    counter(
        "mainstay_refresh_reuse_total",
        "Old refresh tokens that were used again, each of which ended sessions.",
    ),
];

/// A simple acknowledgement.
#[derive(Serialize, ToSchema)]
struct Ack {
    /// Always `ok`.
    status: &'static str,
}

impl Ack {
    const OK: Self = Self { status: "ok" };
}
