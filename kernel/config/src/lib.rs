//! Every setting, its origin and its meaning; the only reader of the environment.
//!
//! Owns the layers (defaults, file, database, environment, flags), the kinds of values, the sections of the
//! kernel, and what is printed about all of them. Refuses to know what a setting is used for.

mod describe;
mod environment;
mod explain;
mod file;
mod kinds;
mod layers;
mod macros;
mod mistake;
mod nearest;
mod nets;
mod origin;
mod protect;
mod secret;
mod section;
pub mod sections;
mod setting;
mod settings;
mod shape;
mod units;
mod url;

pub use describe::{defaults_toml, json_schema, reference_markdown};
pub use environment::{Flag, Sources};
pub use explain::Explanation;
pub use file::parse_file;
pub use mistake::{Mistake, Mistakes};
pub use origin::Origin;
pub use protect::read_secret;
pub use secret::Secret;
pub use section::{Field, Parsed, Section, Slots, Typed, parsed};
pub use sections::{
    Cache, Cors, Database, Docs, General, Idempotency, Journal, KERNEL, Limits, Log, LogFormat, Mail,
    MailTls, Mode, Outbound, Routes, Server, Storage, Synchronous,
};
pub use setting::{Kind, Setting, clean, expected};
pub use settings::Settings;
pub use units::ByteSize;
pub use url::ServiceUrl;

pub use ipnet::IpNet;
pub use serde_json::Value;
