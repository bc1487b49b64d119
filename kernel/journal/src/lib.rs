//! stub
use types::Permission;
#[derive(Clone, Copy)]
pub struct EventType {
    pub kind: &'static str,
    pub read: Option<Permission>,
    pub meaning: &'static str,
}
#[derive(Clone)]
pub struct Journal;
