//! The setup form as HTML: everything that comes from outside goes through [`escape`].

use std::fmt::Write as _;

use types::Error;
use web::escape;

/// What the setup form shows again. Never the password.
#[derive(Default)]
pub(crate) struct SetupForm<'a> {
    pub(crate) token: &'a str,
    pub(crate) email: &'a str,
    pub(crate) workspace: &'a str,
    pub(crate) error: Option<&'a Error>,
}

/// The form that makes the first administrator.
pub(crate) fn setup_form(form: &SetupForm<'_>) -> String {
    let mut body = String::from(
        "<h1>Set up Mainstay</h1>\n<p>This makes the administrator and the first workspace. It works once.</p>\n",
    );
    if let Some(error) = form.error {
        let _ = writeln!(body, "<p class=\"bad\" role=\"alert\">{}</p>", escape(error.message()));
    }
    body.push_str("<form method=\"post\" action=\"/setup\" accept-charset=\"utf-8\">\n");
    let fields = [
        ("token", "Setup token", "text", "off", form.token, "The terminal shows it."),
        ("email", "Your e-mail address", "email", "username", form.email, "You sign in with it."),
        ("password", "A password", "password", "new-password", "", "At least 12 characters."),
        ("workspace", "Name of the workspace", "text", "organization", form.workspace, "It can be changed."),
    ];
    for (name, label, kind, autocomplete, value, hint) in fields {
        let errors = form.error.map_or(&[][..], Error::fields);
        let wrong: Vec<&str> = errors
            .iter()
            .filter(|field| field.path.strip_prefix('/') == Some(name))
            .map(|field| field.message.as_str())
            .collect();
        let invalid = if wrong.is_empty() { "" } else { " aria-invalid=\"true\"" };
        let _ = writeln!(
            body,
            "<p><label for=\"{name}\">{label}</label>\n<input id=\"{name}\" name=\"{name}\" type=\"{kind}\" \
             autocomplete=\"{autocomplete}\" value=\"{}\" aria-describedby=\"{name}-hint\" required{invalid}>\n\
             <small id=\"{name}-hint\">{hint}",
            escape(value)
        );
        for message in wrong {
            let _ = write!(body, " <strong class=\"bad\">It {}.</strong>", escape(message));
        }
        body.push_str("</small></p>\n");
    }
    body.push_str("<p><button>Set up</button></p>\n</form>");
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a23_what_was_typed_is_shown_and_never_run() {
        let evil = "\"><script>alert(1)</script>'&";
        let error = Error::invalid("invalid", "Some fields are not valid.").at_field("/email", "email", evil);
        let form = SetupForm { token: evil, email: evil, workspace: evil, error: Some(&error) };
        let html = setup_form(&form);
        assert!(!html.contains("<script"), "{html}");
        assert_eq!(
            html.matches("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;").count(),
            4,
            "{html}"
        );
        assert!(html.contains("aria-invalid"));
        assert!(
            !html.contains(" style=") && !html.contains(" onclick"),
            "nothing inline for the policy to stop"
        );
    }
}
