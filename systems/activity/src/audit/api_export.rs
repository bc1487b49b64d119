//! The audit as a file: read a part at a time while it is sent, so that it costs the same memory however long it is.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use http::{HeaderValue, header};
use journal::audit::{Reach, Sought};
use query::{List, Page, Place};
use serde::Deserialize;
use types::{Error, Result};
use utoipa::ToSchema;
use web::{App, Standing};

use super::model::{AuditOut, HEAD, Sight};

/// How the audit is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    Json,
    Csv,
    Jsonl,
}

impl Format {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            "jsonl" => Some(Self::Jsonl),
            _ => None,
        }
    }

    /// A file only for those who name its type and would not take a page.
    pub(crate) fn accepted<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>) -> Self {
        let all: Vec<String> = lines
            .into_iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .map(|range| range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
            .collect();
        let takes = |name: &str| all.iter().any(|range| range == name);
        if takes("application/json") || takes("*/*") || takes("application/*") {
            Self::Json
        } else if takes("text/csv") {
            Self::Csv
        } else if takes("application/jsonl") || takes("application/x-ndjson") {
            Self::Jsonl
        } else {
            Self::Json
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Jsonl => "application/jsonl",
        }
    }

    const fn file(self) -> &'static str {
        match self {
            Self::Json => "attachment; filename=\"audit.json\"",
            Self::Csv => "attachment; filename=\"audit.csv\"",
            Self::Jsonl => "attachment; filename=\"audit.jsonl\"",
        }
    }

    fn written(self, entry: &AuditOut) -> Result<String> {
        match self {
            Self::Csv => Ok(entry.line()),
            Self::Json | Self::Jsonl => Ok(serde_json::to_string(entry).map_err(Error::internal)? + "\n"),
        }
    }
}

/// Everything that was sought, to be written out.
pub(crate) struct Export {
    pub(crate) app: App,
    pub(crate) reach: Reach,
    pub(crate) sought: Sought,
    pub(crate) sight: Sight,
    pub(crate) format: Format,
}

/// Where the next part begins.
enum Next {
    Head,
    Part(String),
    End,
}

impl Export {
    /// A body that ends early, with the connection, when whoever asked may not read any more.
    pub(crate) fn answer(self, standing: Standing) -> Response {
        let headers = [
            (header::CONTENT_TYPE, self.format.media_type()),
            (header::CONTENT_DISPOSITION, self.format.file()),
            (header::CACHE_CONTROL, "no-store"),
        ];
        let parts = stream::try_unfold(
            (Arc::new(self), standing, Next::Head),
            |(export, mut standing, next)| async move {
                let cursor = match next {
                    Next::End => return Ok(None),
                    Next::Head => String::new(),
                    Next::Part(cursor) => cursor,
                };
                if standing.is_due() {
                    standing.check().await.map_err(|_| revoked())?;
                }
                let first = cursor.is_empty();
                let (text, next) = export.part(&cursor).await?;
                let head = if first && export.format == Format::Csv { HEAD } else { "" };
                Ok::<_, Error>(Some((format!("{head}{text}"), (export, standing, next))))
            },
        );
        (headers, Body::from_stream(parts)).into_response()
    }

    async fn part(self: &Arc<Self>, cursor: &str) -> Result<(String, Next)> {
        let query = format!("limit=200&sort=occurred_at&cursor={cursor}");
        // Not an address: its cursors are of no use anywhere else.
        let place = Place { workspace: None, endpoint: "the audit as a file", filter: "" };
        let list = List::parse(&query, &journal::TIMELINE, self.app.signer(), place)?;
        let read = self.app.db().read((Arc::clone(self), list), |rx, (export, list)| {
            Box::pin(journal::audit::page(rx, export.reach.clone(), &export.sought, list))
        });
        let Page::Keyset(page) = read.await? else {
            return Err(Error::internal("an export was read by numbers"));
        };
        let mut text = String::new();
        for audited in page.items {
            text.push_str(&self.format.written(&AuditOut::new(audited, &self.sight))?);
        }
        Ok((text, page.next_cursor.map_or(Next::End, Next::Part)))
    }
}

fn revoked() -> Error {
    Error::forbidden("revoked", "The right to read this was taken away.")
}
