//! Forms as HTML: everything that comes from outside goes through [`escape`].

use std::fmt::Write as _;

use types::Error;
use web::escape;

/// A form of a plain page.
pub(crate) struct Form<'a> {
    pub(crate) title: &'a str,
    /// One sentence below the title.
    pub(crate) about: &'a str,
    pub(crate) action: &'a str,
    pub(crate) fields: &'a [Field<'a>],
    pub(crate) button: &'a str,
    pub(crate) error: Option<&'a Error>,
}

/// One line of a form. Its name is also its id.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) autocomplete: &'a str,
    /// What was typed before. Never a password.
    pub(crate) value: &'a str,
    pub(crate) hint: &'a str,
    pub(crate) required: bool,
}

impl<'a> Field<'a> {
    /// A line that has to be filled in.
    pub(crate) const fn new(name: &'a str, label: &'a str, kind: &'a str, autocomplete: &'a str) -> Self {
        Self { name, label, kind, autocomplete, value: "", hint: "", required: true }
    }

    pub(crate) const fn value(self, value: &'a str) -> Self {
        Self { value, ..self }
    }

    pub(crate) const fn hint(self, hint: &'a str) -> Self {
        Self { hint, ..self }
    }

    pub(crate) const fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// The same line as it was sent: only the code is shown again.
    pub(crate) fn again(&self, token: &'a str) -> Self {
        let value = if self.name == "token" { token } else { self.value };
        Self { value, ..*self }
    }

    fn html(&self, error: Option<&Error>) -> String {
        let Self { name, label, kind, autocomplete, value, hint, required } = self;
        let wrong = error.map_or(&[][..], Error::fields).iter();
        let wrong = wrong.filter(|field| field.path.strip_prefix('/') == Some(name));
        let wrong: Vec<&str> = wrong.map(|field| field.message.as_str()).collect();
        let invalid = if wrong.is_empty() { "" } else { " aria-invalid=\"true\"" };
        let required = if *required { " required" } else { "" };
        let mut html = format!(
            "<p><label for=\"{name}\">{label}</label>\n<input id=\"{name}\" name=\"{name}\" type=\"{kind}\" \
             autocomplete=\"{autocomplete}\" value=\"{}\" aria-describedby=\"{name}-hint\"{required}{invalid}>\n\
             <small id=\"{name}-hint\">{hint}",
            escape(value)
        );
        for message in wrong {
            let _ = write!(html, " <strong class=\"error\">It {}.</strong>", escape(message));
        }
        html.push_str("</small></p>\n");
        html
    }
}

impl Form<'_> {
    pub(crate) fn html(&self) -> String {
        let Self { title, about, action, fields, button, error } = self;
        let mut body = format!("<h1>{title}</h1>\n<p>{about}</p>\n");
        if let Some(error) = error {
            let _ = writeln!(body, "<p class=\"error\" role=\"alert\">{}</p>", escape(error.message()));
        }
        let _ = writeln!(body, "<form method=\"post\" action=\"{action}\" accept-charset=\"utf-8\">");
        for field in *fields {
            body.push_str(&field.html(*error));
        }
        let _ = write!(body, "<p><button>{button}</button></p>\n</form>");
        body
    }
}

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
    let fields = [
        Field::new("token", "Setup token", "text", "off").value(form.token).hint("The terminal shows it."),
        Field::new("email", "Your e-mail address", "email", "username")
            .value(form.email)
            .hint("You sign in with it."),
        Field::new("password", "A password", "password", "new-password").hint(PASSWORD_HINT),
        Field::new("workspace", "Name of the workspace", "text", "organization")
            .value(form.workspace)
            .hint("It can be changed."),
    ];
    let form = Form {
        title: "Set up Mainstay",
        about: "This makes the administrator and the first workspace. It works once.",
        action: "/setup",
        fields: &fields,
        button: "Set up",
        error: form.error,
    };
    form.html()
}

pub(crate) const PASSWORD_HINT: &str =
    "At least 12 characters. A few words that do not belong together are good.";

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
