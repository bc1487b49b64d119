//! A unit of work without the types of whoever asks for it, so that the engines are compiled once and not for each closure.

use std::any::Any;

use futures_util::future::BoxFuture;
use types::{Error, Result};

/// Something to run on a connection or in a transaction, again if need be. It keeps what came of its last run.
pub(crate) trait Unit<On>: Send {
    fn run<'t>(&'t mut self, on: &'t mut On) -> BoxFuture<'t, Result<()>>;

    /// An `Option` of what came of it.
    fn kept(&mut self) -> &mut dyn Any;
}

/// The unit itself, with what it kept, when it came to a good end.
pub(crate) type Ran<On> = Result<Box<dyn Unit<On>>>;

struct Typed<A, R, F> {
    args: A,
    f: F,
    kept: Option<R>,
}

impl<On, A, R, F> Unit<On> for Typed<A, R, F>
where
    A: Send + Sync,
    R: Send + 'static,
    F: for<'t> Fn(&'t mut On, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync,
{
    fn run<'t>(&'t mut self, on: &'t mut On) -> BoxFuture<'t, Result<()>> {
        let Self { args, f, kept } = self;
        let ran = f(on, args);
        Box::pin(async move {
            *kept = Some(ran.await?);
            Ok(())
        })
    }

    fn kept(&mut self) -> &mut dyn Any {
        &mut self.kept
    }
}

/// A closure of these types as a unit.
pub(crate) fn unit<On, A, R, F>(args: A, f: F) -> Box<dyn Unit<On>>
where
    A: Send + Sync + 'static,
    R: Send + 'static,
    F: for<'t> Fn(&'t mut On, &'t A) -> BoxFuture<'t, Result<R>> + Send + Sync + 'static,
{
    Box::new(Typed { args, f, kept: None })
}

/// What came of a unit that ran to a good end.
pub(crate) fn outcome<On, R: 'static>(mut unit: Box<dyn Unit<On>>) -> Result<R> {
    let kept = unit.kept().downcast_mut::<Option<R>>().and_then(Option::take);
    kept.ok_or_else(|| Error::internal("a unit came to a good end and kept nothing"))
}
