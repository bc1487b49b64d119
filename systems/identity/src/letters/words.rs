//! What the letters say. `place` is how people call this installation.

use std::time::Duration;

use serde::Serialize;

use super::model::News;

/// What fills the template in.
#[derive(Serialize)]
pub(super) struct Words {
    pub(super) title: String,
    pub(super) paragraphs: Vec<String>,
    pub(super) link: Option<Door>,
    /// What to do if one knows nothing of it.
    pub(super) end: &'static str,
}

/// A link with its words.
#[derive(Serialize)]
pub(super) struct Door {
    pub(super) label: &'static str,
    pub(super) address: String,
    /// For a page that runs no script and so cannot read what stands behind `#`.
    pub(super) code: String,
    pub(super) life: String,
}

fn words(title: String, paragraphs: Vec<String>, end: &'static str) -> Words {
    Words { title, paragraphs, link: None, end }
}

pub(super) fn register(place: &str) -> Words {
    let said = vec![
        "Somebody, probably you, asked for an account with this address.".to_owned(),
        "Open the link and choose a password: that makes the account.".to_owned(),
    ];
    let end = "If it was not you, do nothing. Without the link there is no account.";
    words(format!("Your account at {place}"), said, end)
}

pub(super) fn has_account(place: &str) -> Words {
    let said = vec![
        "Somebody, probably you, wanted to use this address. You have an account with it: sign in."
            .to_owned(),
        "If you no longer know the password, ask for a new one there.".to_owned(),
    ];
    words(format!("You have an account at {place} already"), said, "If it was not you, do nothing.")
}

pub(super) fn reset(place: &str) -> Words {
    let said =
        "Somebody, probably you, asked for a new password for the account with this address.".to_owned();
    let end = "If it was not you, do nothing: your password stays as it is.";
    words(format!("A new password for {place}"), vec![said], end)
}

/// To the address until now, and to the one that it shall become.
pub(super) fn change_address(place: &str, old: &str, new: &str) -> [Words; 2] {
    let of = |end| {
        let said = vec![
            format!("{old} shall become {new}."),
            "Both addresses got this mail. The change happens when both links were opened.".to_owned(),
        ];
        words(format!("Another address for your account at {place}"), said, end)
    };
    [
        of("If you do not know of this, somebody else has your password: set a new one."),
        of("If you do not know of this, do nothing."),
    ]
}

pub(super) fn address_changed(place: &str, before: &str, now: &str) -> Words {
    let said = vec![format!("It was {before} and is now {now}. Both had agreed.")];
    let end = "If this is not right, ask whoever runs this place.";
    words(format!("Your account at {place} has another address"), said, end)
}

pub(super) fn password_changed(place: &str) -> Words {
    let said = vec!["Every other device was signed out.".to_owned()];
    let end = "If it was not you, ask for a new password at once, and look at your API keys.";
    words(format!("Your password at {place} was changed"), said, end)
}

pub(super) fn door(place: &str, news: &News) -> Words {
    let (title, said) = match news {
        News::FactorAdded { method } => {
            ("Your account has a new second factor", format!("{} was added.", a_factor(method)))
        }
        News::FactorRemoved { method } => {
            ("Your account has a second factor less", format!("{} was taken away.", a_factor(method)))
        }
        News::FactorsReset => (
            "Your account has no second factor any more",
            "Whoever runs this place took every second factor off your account. The password alone opens it now.".to_owned(),
        ),
        News::CodesMade => {
            ("You have new recovery codes", "The codes that you had before open nothing any more.".to_owned())
        }
        News::CodeUsed { left } => (
            "A recovery code of yours was used",
            format!("{left} of them are left. New ones can be made when you are signed in."),
        ),
        News::PasskeyCopied => (
            "A passkey of yours was refused",
            "It answered like an older state of itself, so there may be a copy of it. Take it off your account if you \
             can not explain that."
                .to_owned(),
        ),
        News::Linked { provider } => {
            ("Your account can be signed in to in another way", format!("It is linked with {provider} now."))
        }
        News::Unlinked { provider } => {
            ("Your account has one way less to sign in", format!("It is no longer linked with {provider}."))
        }
    };
    let end = "If it was not you, set a new password at once, and look at your sessions and second factors.";
    words(format!("{title}: {place}"), vec![said], end)
}

fn a_factor(method: &str) -> &'static str {
    if method == "passkey" { "A passkey" } else { "An authenticator app" }
}

pub(super) fn leaving(place: &str, left: Duration) -> Words {
    let said = vec![
        format!("In {} it is gone, and nobody can bring it back. Nobody can use it now.", span(left)),
        "Until then it can be kept, by this link or by signing in.".to_owned(),
    ];
    words(format!("Your account at {place} will be deleted"), said, "")
}

pub(super) fn gone(place: &str) -> Words {
    let said = vec!["Your name and your address are known there no more.".to_owned()];
    words(format!("Your account at {place} is deleted"), said, "")
}

/// A span as people say it: whole days, hours or minutes.
pub(super) fn span(life: Duration) -> String {
    let minutes = life.as_secs().div_ceil(60);
    let (count, unit) = match minutes {
        0..120 => (minutes, "minute"),
        120..2880 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_as_people_say_them() {
        let said = [
            (60, "1 minute"),
            (3600, "60 minutes"),
            (7200, "2 hours"),
            (86_400, "24 hours"),
            (1_209_600, "14 days"),
        ];
        for (seconds, said) in said {
            assert_eq!(span(Duration::from_secs(seconds)), said);
        }
    }
}
