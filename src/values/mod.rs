//! `${ … }` in texts: names are checked when the file is read; what can be known then is filled in then.
//!
//! Takes texts as written, gives a `Text` (constant, or rendered per journey from a [`Scope`]) and a `Document`
//! for JSON bodies. A text without `${` costs nothing at run time.

mod bounds;
mod document;
mod environment;
mod functions;
mod names;
mod resolver;
mod scope;
mod secrets;
mod simple;
mod template;
mod text;
pub(crate) mod vars;

pub use environment::{Environment, Needed};
pub use scope::{RenderError, Scope, Seat};
pub use secrets::Secrets;
pub(crate) use secrets::{REDACTED, tells};
pub use text::Condition;

pub(crate) use text::Text;

pub(crate) use document::{Document, Node};
pub(crate) use names::Names;
pub(crate) use resolver::{LONGEST, Resolver, choice};
pub(crate) use template::Templates;
