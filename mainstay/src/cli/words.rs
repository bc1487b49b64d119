//! Words that several flags understand.

use std::time::Duration;

/// `90s`, `30m`, `2h`, `1d`.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a span of time; write 90s, 30m, 2h or 1d");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86400,
        _ => return Err(wrong()),
    };
    let number = &text[..text.len() - 1];
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(seconds).filter(|s| *s > 0).map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_a_number_and_a_unit() {
        assert_eq!(span("30m"), Ok(Duration::from_mins(30)));
        assert_eq!(span("90s"), Ok(Duration::from_secs(90)));
        for bad in ["", "m", "30", "-1m", "1.5h", "0s", "30ä", "99999999999999999999d", "+5m"] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }
}
