//! A JSON document whose texts may hold templates: the body of `json = { … }`.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value as Json};

use super::scope::{RenderError, Scope};
use super::text::Text;

/// A JSON document.
#[derive(Debug, Clone)]
pub(crate) enum Document {
    /// The same for all, already written out.
    Constant(Bytes),
    /// Filled in for each journey.
    Tree(Arc<Node>),
}

/// A part of a document.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    /// The same for all.
    Constant(Json),
    /// A text with templates in it.
    Text(Text),
    /// One template and nothing else: its value keeps its type.
    Value(Text),
    /// A list.
    Array(Vec<Node>),
    /// An object, in the order of the file.
    Object(Vec<(String, Node)>),
}

impl Document {
    pub(crate) fn new(node: Node) -> Self {
        match node.constant() {
            Some(json) => Self::Constant(Bytes::from(json.to_string())),
            None => Self::Tree(Arc::new(node)),
        }
    }

    /// The document for the journey of `scope`, written out.
    ///
    /// # Errors
    /// When a variable has no value yet, or an expression fails.
    pub(crate) fn render(&self, scope: &Scope) -> Result<Bytes, RenderError> {
        match self {
            Self::Constant(bytes) => Ok(bytes.clone()),
            Self::Tree(node) => Ok(Bytes::from(node.render(scope)?.to_string())),
        }
    }
}

impl Node {
    /// The value if it is the same for all.
    pub(crate) fn constant(&self) -> Option<Json> {
        match self {
            Self::Constant(json) => Some(json.clone()),
            Self::Text(text) | Self::Value(text) => text.constant().map(Json::from),
            Self::Array(items) => items.iter().map(Self::constant).collect::<Option<Vec<_>>>().map(Json::Array),
            Self::Object(fields) => {
                let fields = fields.iter().map(|(name, node)| Some((name.clone(), node.constant()?)));
                fields.collect::<Option<Map<_, _>>>().map(Json::Object)
            }
        }
    }

    /// The value for the journey of `scope`.
    ///
    /// # Errors
    /// As [`Document::render`].
    pub(crate) fn render(&self, scope: &Scope) -> Result<Json, RenderError> {
        Ok(match self {
            Self::Constant(json) => json.clone(),
            Self::Text(text) => Json::String(text.render(scope)?.into_owned()),
            Self::Value(text) => text.value(scope)?,
            Self::Array(items) => Json::Array(items.iter().map(|item| item.render(scope)).collect::<Result<_, _>>()?),
            Self::Object(fields) => {
                let fields = fields.iter().map(|(name, node)| Ok((name.clone(), node.render(scope)?)));
                Json::Object(fields.collect::<Result<_, RenderError>>()?)
            }
        })
    }
}
