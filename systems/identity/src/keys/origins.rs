//! The pages that a publishable key may stand in: origins, written as browsers send them and compared whole.

use types::Problems;

const MOST: usize = 20;
const LONGEST: usize = 255;

/// Adds every mistake in a list of origins.
pub(crate) fn check(path: &str, origins: &[String], problems: &mut Problems) {
    if origins.is_empty() {
        problems.add(path, "required", "name the origins of the pages that the key stands in");
    } else if origins.len() > MOST {
        problems.add(path, "too_long", format!("must be at most {MOST}"));
    }
    for (at, origin) in origins.iter().enumerate() {
        if !is_origin(origin) {
            let message = "must be an origin as browsers send it, like https://shop.example.test";
            problems.add(&format!("{path}/{at}"), "not_an_origin", message);
        }
    }
}

/// `https://` and a host in lower case, perhaps a port; plain HTTP only on the machine itself. Never `null`, a pattern, a
/// path or a port that browsers leave out.
fn is_origin(text: &str) -> bool {
    let (host, usual, anywhere) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (rest, "443", true),
        (_, Some(rest)) => (rest, "80", false),
        _ => return false,
    };
    let (host, port) = host.rsplit_once(':').map_or((host, None), |(host, port)| (host, Some(port)));
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let number =
        |port: &str| port.parse::<u16>().is_ok_and(|n| n.to_string() == port && n > 0) && port != usual;
    text.len() <= LONGEST
        && host.split('.').all(label)
        && port.is_none_or(number)
        && (anywhere || host == "localhost" || host == "127.0.0.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_browser_would_send_is_an_origin() {
        for good in [
            "https://shop.example.test",
            "https://a:8443",
            "http://localhost:5173",
            "http://127.0.0.1",
            "https://xn--bcher-kva.test",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for wrong in [
            "",
            "null",
            "*",
            "https://",
            "https://*",
            "https://*.example.test",
            "https://Shop.example.test",
            "https://a/",
            "https://a/b",
            "https://a:443",
            "http://localhost:80",
            "https://a:0",
            "https://a:08443",
            "https://a:99999",
            "http://shop.example.test",
            "ftp://a",
            "https://u@a",
            "https://a b",
            "https://a?b",
            "https://a..b",
            "https://é.test",
            "shop.example.test",
        ] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }
}
