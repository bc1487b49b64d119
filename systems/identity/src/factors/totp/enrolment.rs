//! What an authenticator app is given: the secret as text, as an address, and as a picture of that address.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data_encoding::BASE32_NOPAD;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use types::{Error, Result};

/// The secret as people type it.
pub(super) fn text_of(secret: &[u8]) -> String {
    BASE32_NOPAD.encode(secret)
}

/// `otpauth://totp/...`, as the apps read it.
pub(super) fn address(issuer: &str, account: &str, secret: &[u8]) -> String {
    let (issuer, account) = (encoded(issuer), encoded(account));
    let secret = text_of(secret);
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
    )
}

/// A picture of the address that a page can show without a script: `data:image/svg+xml;base64,...`.
pub(super) fn picture(address: &str) -> Result<String> {
    let code = QrCode::with_error_correction_level(address, EcLevel::M).map_err(|error| {
        Error::internal(error.to_string()).while_doing("drawing the address of an authenticator app")
    })?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
    Ok(format!("data:image/svg+xml;base64,{}", STANDARD.encode(picture)))
}

/// Percent-encoded but for what is unreserved in RFC 3986.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_can_not_add_to_the_address() {
        let address = address("Main & Stay", "a?secret=x&b@example.test", &[0; 20]);
        assert!(
            address.starts_with(
                "otpauth://totp/Main%20%26%20Stay:a%3Fsecret%3Dx%26b%40example.test?secret=AAAA"
            )
        );
        assert_eq!(address.matches("secret=").count(), 1);
    }

    #[test]
    fn the_longest_address_fits_into_a_picture() {
        let account = format!("{}@{}.test", "a".repeat(64), "\u{fc}".repeat(90));
        let picture = picture(&address("mainstay", &account, &[255; 20])).expect("a picture");
        let svg = STANDARD.decode(picture.trim_start_matches("data:image/svg+xml;base64,")).expect("base64");
        let svg = String::from_utf8(svg).expect("text");
        assert!(svg.contains("<svg") && !svg.contains("<script"), "{svg:.200}");
    }
}
