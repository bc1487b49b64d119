//! The text of the pages. What came from outside goes through [`escape`].

use types::Error;
use web::escape;

/// What was wrong with the last try.
fn alert(error: Option<&Error>) -> String {
    error.map_or(String::new(), |error| {
        format!("<p class=\"bad\" role=\"alert\">{}</p>\n", escape(error.message()))
    })
}

/// Asks for the password of the account that the ticket is about.
pub(super) fn link_form(ticket: &str, error: Option<&Error>) -> String {
    let wrong = alert(error);
    format!(
        "<h1>Link your account</h1>\n<p>An account with your address has a password. Give it once: from then on you can sign in \
         either way.</p>\n{wrong}<form method=\"post\" action=\"/sso/link\">\n\
         <input type=\"hidden\" name=\"ticket\" value=\"{}\">\n\
         <p><label for=\"password\">Your password</label>\n<input id=\"password\" name=\"password\" type=\"password\" \
         autocomplete=\"current-password\" required></p>\n<p><button>Link and sign in</button></p>\n</form>",
        escape(ticket)
    )
}

/// Asks for a code of whoever has a second factor besides the provider.
pub(super) fn factor_form(challenge: &str, return_to: &str, error: Option<&Error>) -> String {
    let wrong = alert(error);
    format!(
        "<h1>One more step</h1>\n<p>Your account has a second factor. Give a code of your authenticator app, or a recovery \
         code.</p>\n{wrong}<form method=\"post\" action=\"/sso/second-factor\">\n<input type=\"hidden\" name=\"challenge\" value=\"{}\">\n\
         <input type=\"hidden\" name=\"return_to\" value=\"{}\">\n<p><label for=\"code\">Code</label>\n<input id=\"code\" \
         name=\"code\" autocomplete=\"one-time-code\" required></p>\n<p><button>Sign in</button></p>\n</form>",
        escape(challenge),
        escape(return_to)
    )
}

/// Says why somebody was not let in.
pub(super) fn refusal(error: &Error) -> String {
    format!(
        "<h1>Signing in did not work</h1>\n<p>{}</p>\n<p><small>{}</small></p>\n<p><a href=\"/\">Start page</a></p>",
        escape(error.message()),
        escape(error.code())
    )
}
