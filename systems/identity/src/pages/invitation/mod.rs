//! The page where the link of an invitation leads, as HTML: everything that comes from outside goes through [`escape`].

use std::fmt::Write as _;

use types::Error;
use web::escape;

/// What the page says of an invitation.
pub(crate) struct Shown<'a> {
    pub(crate) token: &'a str,
    pub(crate) workspace: &'a str,
    pub(crate) inviter: &'a str,
    pub(crate) role: &'a str,
    pub(crate) email: &'a str,
    pub(crate) has_account: bool,
    /// What was typed as the name.
    pub(crate) name: &'a str,
    pub(crate) error: Option<&'a Error>,
}

/// What it is about, and a form for who has no account yet.
pub(crate) fn invitation(shown: &Shown<'_>) -> String {
    let mut body = format!(
        "<h1>{} invites you to {}</h1>\n<p>You would work there as {}, with the address <strong>{}</strong>.</p>\n",
        escape(shown.inviter),
        escape(shown.workspace),
        escape(shown.role),
        escape(shown.email)
    );
    if let Some(error) = shown.error {
        let _ = writeln!(body, "<p class=\"bad\" role=\"alert\">{}</p>", escape(error.message()));
    }
    if shown.has_account {
        let _ = write!(
            body,
            "<p>You have an account with this address: sign in and accept there, with \
             <code>POST /api/v1/auth/invitations/accept</code> and this token:</p>\n<p><code>{}</code></p>",
            escape(shown.token)
        );
        return body;
    }
    body.push_str("<form method=\"post\" action=\"/invitation\" accept-charset=\"utf-8\">\n");
    let _ = writeln!(body, "<input type=\"hidden\" name=\"token\" value=\"{}\">", escape(shown.token));
    let fields = [
        ("name", "Your name", "text", "name", shown.name, "What others see."),
        (
            "password",
            "A password",
            "password",
            "new-password",
            "",
            "At least 12 characters. You sign in with it.",
        ),
    ];
    for (name, label, kind, autocomplete, value, hint) in fields {
        let errors = shown.error.map_or(&[][..], Error::fields).iter();
        let wrong: Vec<_> = errors.filter(|field| field.path.strip_prefix('/') == Some(name)).collect();
        let invalid = if wrong.is_empty() { "" } else { " aria-invalid=\"true\"" };
        let _ = write!(
            body,
            "<p><label for=\"{name}\">{label}</label>\n<input id=\"{name}\" name=\"{name}\" type=\"{kind}\" \
             autocomplete=\"{autocomplete}\" value=\"{}\" aria-describedby=\"{name}-hint\" required{invalid}>\n\
             <small id=\"{name}-hint\">{hint}",
            escape(value)
        );
        for field in wrong {
            let _ = write!(body, " <strong class=\"bad\">It {}.</strong>", escape(&field.message));
        }
        body.push_str("</small></p>\n");
    }
    body.push_str("<p><button>Accept</button></p>\n</form>");
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a23_what_others_wrote_is_shown_and_never_run() {
        let evil = "\"><script>alert(1)</script>'&";
        let error = Error::invalid("invalid", evil).at_field("/name", "required", evil);
        for has_account in [true, false] {
            let shown = Shown {
                token: evil,
                workspace: evil,
                inviter: evil,
                role: evil,
                email: evil,
                has_account,
                name: evil,
                error: Some(&error),
            };
            let html = invitation(&shown);
            assert!(!html.contains("<script") && !html.contains(" style="), "{html}");
            assert_eq!(html.contains("<form"), !has_account);
        }
    }
}
