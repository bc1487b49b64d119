//! The document of a provider, as OpenID Connect Discovery 1.0 has it, and what it must say.

use serde::Deserialize;

/// What is needed of it. Whatever else stands there is not read; a member that comes twice is refused.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Document {
    pub(crate) issuer: String,
    pub(crate) authorization_endpoint: String,
    pub(crate) token_endpoint: String,
    pub(crate) jwks_uri: String,
    pub(crate) userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    /// RFC 9207: every answer of this provider says who it is from.
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// How the client says who it is at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Basic,
    Post,
}

impl Document {
    /// Reads it, and says what is wrong with it.
    pub(crate) fn parse(text: &[u8], issuer: &str) -> Result<Self, String> {
        let document: Self =
            serde_json::from_slice(text).map_err(|error| format!("its configuration: {error}"))?;
        if document.issuer != issuer {
            return Err("its configuration is that of another issuer".to_owned());
        }
        let secure = issuer.starts_with("https://");
        let endpoints = [&document.authorization_endpoint, &document.token_endpoint, &document.jwks_uri];
        for url in endpoints.into_iter().chain(&document.userinfo_endpoint) {
            let fine = url.starts_with("https://") || (!secure && url.starts_with("http://"));
            if !fine || url.contains('#') || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err("one of its endpoints is no address that can be used with this issuer".to_owned());
            }
        }
        let methods = document.code_challenge_methods_supported.as_deref().unwrap_or_default();
        if !methods.is_empty() && !methods.iter().any(|method| method == "S256") {
            return Err("it does not take PKCE with S256".to_owned());
        }
        Ok(document)
    }

    /// Whether every answer must say who it is from.
    pub(crate) fn names_itself(&self) -> bool {
        self.authorization_response_iss_parameter_supported
    }

    /// Basic is what a provider takes that says nothing else.
    pub(crate) fn method(&self) -> Method {
        let named = |name: &str| {
            let all = self.token_endpoint_auth_methods_supported.as_deref();
            all.is_some_and(|all| all.iter().any(|one| one == name))
        };
        if named("client_secret_post") && !named("client_secret_basic") {
            Method::Post
        } else {
            Method::Basic
        }
    }

    /// Where a browser is sent. The endpoint may have a query of its own.
    pub(crate) fn authorize(&self, params: &[(&str, &str)]) -> String {
        let with = if self.authorization_endpoint.contains('?') { '&' } else { '?' };
        format!("{}{with}{}", self.authorization_endpoint, encoded(params))
    }
}

/// A query or a form.
pub(crate) fn encoded(params: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(params).expect("pairs of text can always be encoded")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://idp.example";

    fn refusal(change: &str) -> Option<String> {
        let mut document = serde_json::json!({
            "issuer": ISSUER, "authorization_endpoint": "https://idp.example/auth?p=1",
            "token_endpoint": "https://idp.example/token", "jwks_uri": "https://keys.example/jwks",
        });
        let change: serde_json::Value = serde_json::from_str(change).unwrap();
        document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Document::parse(document.to_string().as_bytes(), ISSUER).err()
    }

    #[test]
    fn a14_a_document_is_about_its_own_issuer_and_leads_nowhere_else() {
        assert_eq!(refusal("{}"), None);
        assert_eq!(refusal(r#"{"code_challenge_methods_supported": ["plain", "S256"]}"#), None);
        for bad in [
            r#"{"issuer": "https://idp.example/"}"#,
            r#"{"issuer": "https://IDP.example"}"#,
            r#"{"issuer": "https://evil.example"}"#,
            r#"{"token_endpoint": "http://idp.example/token"}"#,
            r#"{"jwks_uri": "file:///etc/passwd"}"#,
            r#"{"authorization_endpoint": "javascript:alert(1)"}"#,
            r#"{"authorization_endpoint": "https://idp.example/a b"}"#,
            r#"{"userinfo_endpoint": "https://idp.example/#"}"#,
            r#"{"code_challenge_methods_supported": ["plain"]}"#,
            r#"{"token_endpoint": 1}"#,
        ] {
            assert!(refusal(bad).is_some(), "{bad}");
        }
        assert!(Document::parse(br#"{"issuer":"a","issuer":"b"}"#, "a").is_err());
        assert!(Document::parse(b"", ISSUER).is_err());
    }

    #[test]
    fn a_query_of_the_endpoint_is_kept() {
        let text = r#"{"issuer":"https://idp.example","authorization_endpoint":"https://idp.example/auth?p=1",
            "token_endpoint":"https://idp.example/token","jwks_uri":"https://idp.example/jwks"}"#;
        let document = Document::parse(text.as_bytes(), ISSUER).unwrap();
        assert_eq!(document.authorize(&[("a", "b c&d")]), "https://idp.example/auth?p=1&a=b+c%26d");
        assert_eq!(document.method(), Method::Basic);
    }
}
