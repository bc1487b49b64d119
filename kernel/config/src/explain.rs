//! What can be said about a setting to anyone who may see settings.

use serde::Serialize;
use serde_json::Value;

use crate::Origin;

/// One setting: what it is, what it means, and where its value came from. A secret's value is never in it.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// `server.listen`.
    pub key: String,
    /// What it means.
    pub help: String,
    /// What it can be: `a duration (ms, s, m, h, d, w)`.
    pub kind: String,
    /// How a value is written in the settings file.
    pub example: String,
    /// What it is when nothing is set; null when it is then unset.
    pub default: Value,
    /// What it is now.
    pub value: Value,
    /// Where the value came from: `default`, `file PATH:LINE`, `database`, `env NAME`, `flag --NAME`.
    pub origin: Origin,
    /// The variable or flag that fixes the value, so that no change at run time can have an effect.
    pub locked_by: Option<String>,
    /// Whether it can be changed at run time.
    pub runtime: bool,
    /// Whether the value is hidden.
    pub secret: bool,
    /// The environment variable that sets it.
    pub variable: String,
    /// Of the value.
    pub schema: Value,
}
