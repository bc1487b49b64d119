//! What mails look like: a subject, a text and an HTML part of the same content.

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;
use types::{Error, Result};

const LAYOUT_TEXT: &str = include_str!("templates/layout.txt");
const LAYOUT_HTML: &str = include_str!("templates/layout.html");

/// A template of a system, in minijinja's language. The text extends `layout.txt` and the HTML `layout.html`; both fill the
/// block `body`. What is filled into HTML is escaped.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    pub name: &'static str,
    /// One line.
    pub subject: &'static str,
    pub text: &'static str,
    pub html: &'static str,
}

/// What `mainstay mail test` sends.
pub const TEST: Template = Template {
    name: "test",
    subject: "A test mail from Mainstay",
    text: include_str!("templates/test.txt"),
    html: include_str!("templates/test.html"),
};

pub(crate) struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Template {
    /// Fails when the template names what the context does not have, and when a link is not one of the web.
    pub(crate) fn render(&self, context: &impl Serialize) -> Result<Rendered> {
        let context = minijinja::Value::from(minijinja::value::Serde(context));
        let fill = |layout: (&'static str, &'static str), name: &'static str, source: &'static str| {
            let mut all = Environment::new();
            all.set_undefined_behavior(UndefinedBehavior::Strict);
            all.set_auto_escape_callback(|name| {
                if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
            });
            all.add_template(layout.0, layout.1)?;
            all.add_template(name, source)?;
            all.get_template(name)?.render(&context)
        };
        let failed = |error: minijinja::Error| {
            Error::internal(error).while_doing(format!("filling in the mail template {}", self.name))
        };
        let subject = fill(("layout.txt", LAYOUT_TEXT), "subject.txt", self.subject).map_err(failed)?;
        let text = fill(("layout.txt", LAYOUT_TEXT), "body.txt", self.text).map_err(failed)?;
        let html = fill(("layout.html", LAYOUT_HTML), "body.html", self.html).map_err(failed)?;
        if let Some(link) = foreign_link(&html) {
            let message = "A mail may only link to http and https addresses.";
            return Err(Error::invalid("mail_link", message).because(format!("{}: {link}", self.name)));
        }
        Ok(Rendered { subject: subject.trim().to_owned(), text, html })
    }
}

/// The first address in an attribute that is not one of the web. What was filled in is escaped, so a quote ends here what
/// it ends in a mail program.
fn foreign_link(html: &str) -> Option<&str> {
    let lower = html.to_ascii_lowercase();
    for attribute in ["href", "src", "action", "background"] {
        for (at, _) in lower.match_indices(attribute) {
            let rest = html[at + attribute.len()..].trim_start();
            let Some(value) = rest.strip_prefix('=') else { continue };
            let value = value.trim_start();
            let value = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => value[1..].split(quote).next().unwrap_or_default(),
                _ => value.split([' ', '>']).next().unwrap_or_default(),
            };
            let start = value.to_ascii_lowercase().replace("&#x2f;", "/");
            if !start.starts_with("https://") && !start.starts_with("http://") {
                return Some(value);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREETING: Template = Template {
        name: "greeting",
        subject: "Hello {{ name }}",
        text: "{% extends \"layout.txt\" %}{% block body %}Hello {{ name }}: {{ link }}{% endblock %}",
        html: "{% extends \"layout.html\" %}{% block body %}<p title=\"{{ name }}\">{{ name }}</p><a href=\"{{ link }}\">go</a>{% endblock %}",
    };

    #[derive(Serialize)]
    struct Context<'a> {
        name: &'a str,
        link: &'a str,
    }

    #[test]
    fn asvs_1_2_1_html_is_escaped_and_text_is_not() {
        let name = "<img src=x onerror=alert(1)> \"&' Zoë";
        let made = GREETING.render(&Context { name, link: "https://x.test/a?b=1&c=2" }).unwrap();
        assert!(!made.html.contains("<img") && made.html.contains("&lt;img"), "{}", made.html);
        assert!(!made.html.contains("\"&'"), "{}", made.html);
        assert!(made.text.contains(name));
        assert_eq!(made.subject, format!("Hello {name}"));
    }

    #[test]
    fn asvs_1_2_2_only_links_of_the_web() {
        for link in [
            "javascript:alert(1)",
            "JavaScript:x",
            "data:text/html,x",
            "//evil.test",
            "/path",
            "",
            " https://x",
        ] {
            let error = GREETING.render(&Context { name: "x", link }).map(|_| ()).unwrap_err();
            assert_eq!(error.code(), "mail_link", "{link:?}");
        }
        for link in ["https://x.test/#t", "http://127.0.0.1:8080/setup"] {
            assert!(GREETING.render(&Context { name: "x", link }).is_ok(), "{link}");
        }
    }

    #[test]
    fn a_template_cannot_name_what_is_not_there() {
        #[derive(Serialize)]
        struct Nothing {}
        assert!(GREETING.render(&Nothing {}).is_err());
    }
}
