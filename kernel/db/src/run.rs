//! Runs a unit on this very thread, to its end, whatever it does.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use futures_util::future::BoxFuture;
use types::Result;

use crate::Error;

/// Polls the future once. On SQLite every statement is done when it returns, so a unit that is not at its end waits for
/// something that it may not wait for.
pub(crate) fn to_its_end<'t, R>(unit: impl FnOnce() -> BoxFuture<'t, Result<R>>) -> Result<R> {
    let polled = catch_unwind(AssertUnwindSafe(|| {
        let mut future = unit();
        future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }));
    match polled {
        Ok(Poll::Ready(outcome)) => outcome,
        Ok(Poll::Pending) => Err(Error::NotReady.into()),
        Err(panic) => Err(panicked(&*panic).into()),
    }
}

/// What a panic said, for the log.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    Error::Panicked(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_is_an_outcome() {
        assert_eq!(to_its_end(|| Box::pin(async { Ok(7) })).ok(), Some(7));
        let error = to_its_end::<()>(|| Box::pin(std::future::pending())).expect_err("it never ends");
        assert!(matches!(error.cause::<Error>(), Some(Error::NotReady)));
        let error = to_its_end::<()>(|| Box::pin(async { panic!("on purpose") })).expect_err("it panics");
        assert!(matches!(error.cause::<Error>(), Some(Error::Panicked(text)) if text == "on purpose"));
    }
}
