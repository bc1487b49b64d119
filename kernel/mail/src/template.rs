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
            all.set_auto_escape_callback(|name| match name {
                "layout.txt" | "subject.txt" | "body.txt" => AutoEscape::None,
                _ => AutoEscape::Html,
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

/// Attributes that lead somewhere.
const LEADING: [&str; 11] = [
    "href",
    "xlink:href",
    "src",
    "srcset",
    "action",
    "formaction",
    "background",
    "poster",
    "data",
    "cite",
    "ping",
];

/// The first address in an attribute that is not one of the web. Only tags are looked at: what was filled in is
/// escaped and begins none, so nobody's name stops a mail because it looks like an attribute.
fn foreign_link(html: &str) -> Option<&str> {
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let name = rest.find([' ', '\t', '\r', '\n', '>', '/']).unwrap_or(rest.len());
        rest = &rest[name..];
        while let Some((attribute, value, after)) = attribute(rest) {
            rest = after;
            let leads = LEADING.iter().any(|name| attribute.eq_ignore_ascii_case(name));
            let start = value.to_ascii_lowercase().replace("&#x2f;", "/");
            if leads && !start.starts_with("https://") && !start.starts_with("http://") {
                return Some(value);
            }
        }
    }
    None
}

/// The next attribute of a tag, its value, and what is behind it; nothing where the tag ends.
fn attribute(text: &str) -> Option<(&str, &str, &str)> {
    let blank = |letter: char| letter.is_ascii_whitespace() || letter == '/';
    let text = text.trim_start_matches(blank);
    if text.is_empty() || text.starts_with('>') {
        return None;
    }
    let end = text
        .find(|letter: char| blank(letter) || letter == '=' || letter == '>')
        .unwrap_or(text.len())
        .max(1);
    let (name, rest) = text.split_at_checked(end)?;
    let Some(value) = rest.trim_start().strip_prefix('=') else { return Some((name, "", rest)) };
    let value = value.trim_start();
    if let Some(quote @ ('"' | '\'')) = value.chars().next() {
        let (inside, after) = value[1..].split_once(quote).unwrap_or((&value[1..], ""));
        return Some((name, inside, after));
    }
    let end = value.find(|letter: char| letter.is_ascii_whitespace() || letter == '>').unwrap_or(value.len());
    Some((name, &value[..end], &value[end..]))
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
        for html in [
            "<a\thref = 'javascript:x'>",
            "<A HREF=javascript:x>",
            "<img alt=\">\" src=cid:1>",
            "<p><br/><svg><a xlink:href=\"data:x\">",
            "<form action=\"\">",
        ] {
            assert!(foreign_link(html).is_some(), "{html}");
        }
        for html in [
            "",
            "<",
            "<a",
            "<a href",
            "<a href=",
            "<a =x>",
            "</p><é ü=x>",
            "src=x",
            "<p title=\"href=x\">",
            "<!doctype html>",
        ] {
            assert_eq!(foreign_link(html).filter(|found| !found.is_empty()), None, "{html}");
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
