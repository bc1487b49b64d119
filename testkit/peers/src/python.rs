//! The Python of the tests, with the independent implementations that tests compare ours with.

use std::path::PathBuf;

/// Where `scripts/setup.sh` puts it.
pub fn python() -> PathBuf {
    let of = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = of("MAINSTAY_TEST_CACHE_DIR")
        .or_else(|| of("XDG_CACHE_HOME").map(|cache| cache.join("mainstay")))
        .or_else(|| of("HOME").map(|home| home.join(".cache/mainstay")));
    let python = cache.unwrap_or_default().join("venv/bin/python");
    if python.exists() { python } else { "python3".into() }
}
