//! A certified OpenID provider (`oidc-provider` from npm), and somebody who signs in through its own forms.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::{OUTSIDE, folder};

const SCRIPT: &str = include_str!("../oidc/provider.mjs");

/// More redirects and forms than a sign-in has.
const STEPS: usize = 12;

/// The provider, with a client for each algorithm: `rs256`, `rs384`, `rs512`, `es256`, `es384`, `eddsa`, and one without a
/// secret: `public`. It ends with this process.
pub struct Oidc {
    port: u16,
    child: Child,
    /// Held open: a provider that can not say what it has to say ends.
    _says: BufReader<ChildStdout>,
}

impl Oidc {
    /// What the clients with a secret have.
    pub const SECRET: &str = "a secret: with % and +";

    /// `callback` is where it sends people back to, with `{provider}` for the name of the client.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(callback: &str) -> Self {
        let home = folder::cache().join("oidc");
        let mut child = Command::new("node")
            .args(["--input-type=module", "--no-warnings", "-e", SCRIPT, "--", OUTSIDE, callback])
            // Where the script's imports are looked for.
            .current_dir(&home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It says on every start that it is made for development.
            .stderr(Stdio::null())
            .spawn()
            .expect("node: run scripts/setup.sh");
        let mut says = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        let read = says.read_line(&mut line);
        let port = read.ok().and_then(|_| line.trim().parse().ok());
        Self { port: port.expect("oidc-provider starts: run scripts/setup.sh"), child, _says: says }
    }

    pub fn issuer(&self) -> String {
        format!("http://{OUTSIDE}:{}", self.port)
    }

    /// Goes to `url` like a browser, signs in with `login` in its form, consents, and follows it to where it leads outside.
    ///
    /// # Panics
    /// When it leads nowhere.
    pub async fn sign_in(&self, url: &str, login: &str) -> String {
        self.walk(
            url,
            |page| if page.contains("name=\"login\"") { form(login) } else { "prompt=consent".into() },
        )
        .await
    }

    /// Goes there, and leaves by the provider's link to cancel.
    ///
    /// # Panics
    /// When it leads nowhere.
    pub async fn cancel(&self, url: &str) -> String {
        self.walk(url, |_| String::new()).await
    }

    /// `answer` fills a form in; with nothing, it is cancelled.
    async fn walk(&self, url: &str, answer: impl Fn(&str) -> String) -> String {
        let issuer = self.issuer();
        let mut cookies = BTreeMap::new();
        let (mut at, mut body) = (url.to_owned(), None);
        for _ in 0..STEPS {
            let Some(path) = at.strip_prefix(&issuer).map(str::to_owned).or_else(|| own(&at)) else {
                return at;
            };
            let page = self.ask(&path, body.take(), &mut cookies).await;
            if let Some(next) = page.location {
                at = next;
                continue;
            }
            let filled = answer(&page.body);
            let Some(next) = between(&page.body, "action=\"", "\"") else {
                panic!("no way on from {path}: {}", page.body)
            };
            // Cancelling is a link beside the form.
            at = if filled.is_empty() { format!("{next}/abort") } else { next.to_owned() };
            body = (!filled.is_empty()).then_some(filled);
        }
        panic!("{url} leads in circles");
    }

    async fn ask(&self, path: &str, body: Option<String>, cookies: &mut BTreeMap<String, String>) -> Page {
        let method = if body.is_some() { "POST" } else { "GET" };
        let body = body.unwrap_or_default();
        let all: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        // Of version 1.0, so that the answer comes in one piece and ends with the connection.
        let request = format!(
            "{method} {path} HTTP/1.0\r\nhost: {OUTSIDE}:{}\r\ncookie: {}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{body}",
            self.port,
            all.join("; "),
            body.len()
        );
        let mut stream = TcpStream::connect((OUTSIDE, self.port)).await.expect("the provider listens");
        stream.write_all(request.as_bytes()).await.expect("it takes a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("it answers");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer with a head");
        let lines = |name: &'static str| {
            head.lines().filter_map(move |line| {
                let (found, value) = line.split_once(':')?;
                found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        for cookie in lines("set-cookie") {
            let (name, value) =
                cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            if value.is_empty() {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = lines("location").next();
        Page { location, body: body.to_owned() }
    }
}

impl Drop for Oidc {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Page {
    location: Option<String>,
    body: String,
}

/// The path of an address without a host.
fn own(at: &str) -> Option<String> {
    at.starts_with('/').then(|| at.to_owned())
}

fn form(login: &str) -> String {
    let login = login.replace('%', "%25").replace('@', "%40").replace('+', "%2B").replace('&', "%26");
    format!("prompt=login&login={login}&password=any")
}

fn between<'a>(text: &'a str, front: &str, back: &str) -> Option<&'a str> {
    text.split_once(front)?.1.split_once(back).map(|(found, _)| found)
}
