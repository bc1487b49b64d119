//! The parameters of a query string, each at most once.

use types::{Error, Result};

/// More parameters than any list has.
const MAX_PARAMS: usize = 64;

/// Names and values, decoded, in the order they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads the part after `?`. A name that comes twice is refused: which of the two is meant, different readers
    /// would answer differently.
    pub fn parse(query: &str) -> Result<Self> {
        let mut params: Vec<(String, String)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                return Err(Error::malformed(
                    "bad_query",
                    "The query string is not valid percent-encoded UTF-8.",
                ));
            };
            if params.iter().any(|(known, _)| *known == name) {
                return Err(refuse("duplicate_parameter", &name, "must not be given twice"));
            }
            if params.len() == MAX_PARAMS {
                return Err(Error::malformed("bad_query", "The query string has too many parameters."));
            }
            params.push((name, value));
        }
        Ok(Self(params))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Refuses every name that is not in `known`, so that a misspelt filter is not silently no filter.
    pub fn only(&self, known: &[&str]) -> Result<()> {
        match self.0.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => Err(refuse(
                "unknown_parameter",
                name,
                &format!("is not a parameter here; these are: {}", known.join(", ")),
            )),
        }
    }

    /// A whole number between `from` and `to`, if the parameter is there.
    pub fn number(&self, name: &str, from: u32, to: u32) -> Result<Option<u32>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(number) if digits && (from..=to).contains(&number) => Ok(Some(number)),
            _ => Err(refuse("out_of_range", name, &format!("must be a whole number from {from} to {to}"))),
        }
    }

    /// `true` or `false`, if the parameter is there.
    pub fn flag(&self, name: &str) -> Result<Option<bool>> {
        match self.get(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(refuse("not_a_flag", name, "must be true or false")),
        }
    }
}

/// A 400 that names the parameter.
pub(crate) fn refuse(code: &'static str, name: &str, message: &str) -> Error {
    Error::malformed("bad_parameter", "A parameter of the query string is not valid.")
        .at_field(name, code, message)
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let value = digit(rest.next())? * 16 + digit(rest.next())?;
                u8::try_from(value).ok()?
            }
            other => other,
        });
    }
    // NUL is text that no database keeps.
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_once() {
        let params = Params::parse("q=a+b%20c%2525&empty=&flag&%71x=1").unwrap();
        assert_eq!(params.get("q"), Some("a b c%25"));
        assert_eq!(
            (params.get("empty"), params.get("flag"), params.get("qx")),
            (Some(""), Some(""), Some("1"))
        );
    }

    #[test]
    fn a42_a_parameter_that_comes_twice_is_refused() {
        for query in ["page=1&page=2", "page=1&%70age=1", "a&a"] {
            let error = Params::parse(query).unwrap_err();
            assert_eq!(error.fields()[0].code, "duplicate_parameter", "{query}");
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        for query in ["a=%", "a=%f", "a=%zz", "a=%ff", "a=%+1", &"a=1&".repeat(2), &many(65)] {
            assert_eq!(Params::parse(query).unwrap_err().kind(), types::Kind::Malformed, "{query}");
        }
        assert!(Params::parse(&many(64)).is_ok());
    }

    fn many(count: usize) -> String {
        (0..count).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&")
    }
}
