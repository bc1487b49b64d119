//! stub
use std::sync::Arc;
use std::time::Duration;
pub struct Section;
#[derive(Clone)]
pub struct Settings;
impl Settings {
    pub fn get<T: Default>(&self) -> Arc<T> {
        Arc::new(T::default())
    }
}
#[derive(Default)]
pub struct Limits {
    pub signed_in: u32,
    pub anonymous: u32,
    pub sign_in: u32,
    pub refresh: u32,
}
#[derive(Default)]
pub struct Idempotency {
    pub ttl: Duration,
}
