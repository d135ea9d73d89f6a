//! `read = { grafana = { url = "…", dashboards = ["uid"] } }`: whether Grafana is well, and has its dashboards.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::figure::{Figure, Reading, SourceRead, Unit};
use super::ask::{Named, Service};
use super::source::Context;
use crate::scenario::Spanned;
use crate::values::Resolver;

/// What it gives: of the dashboards that are named those that are there, and their panels.
pub(super) const FIGURES: [(&str, Unit); 2] = [("dashboards", Unit::Count), ("panels", Unit::Count)];

/// A Grafana, and what it must have.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrafanaSection {
    /// Where it is.
    pub url: Option<Spanned<String>>,
    /// A token of a service account, which is sent as a bearer and never shown.
    pub token: Option<Spanned<String>>,
    /// How long one question may take; 10s by default.
    pub timeout: Option<Spanned<String>>,
    /// The dashboards that must be there, by their uid.
    pub dashboards: Option<Spanned<Vec<Spanned<String>>>>,
}

/// The same, resolved.
#[derive(Debug, Clone)]
pub struct Grafana {
    pub(super) service: Service,
    dashboards: Vec<String>,
}

pub(super) fn resolve(resolver: &mut Resolver<'_>, section: &Spanned<GrafanaSection>) -> Option<Grafana> {
    let written = section.get_ref();
    let named = Named {
        url: written.url.as_ref(),
        token: written.token.as_ref(),
        tenant: None,
        timeout: written.timeout.as_ref(),
        span: section.span(),
    };
    let service = Service::resolve(resolver, &named);
    let mut dashboards = Vec::new();
    for uid in written.dashboards.iter().flat_map(|list| list.get_ref()) {
        let text = resolver.text(uid);
        // As Grafana makes them: what a path can hold.
        let is_uid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if text.is_empty() || !text.chars().all(is_uid) {
            let hint = "it stands in the dashboard's address, behind /d/";
            resolver.mistake(uid.span(), format!("`{text}` is no uid of a dashboard"), hint);
        }
        dashboards.push(text);
    }
    Some(Grafana { service: service?, dashboards })
}

impl Grafana {
    pub(super) fn has_dashboards(&self) -> bool {
        !self.dashboards.is_empty()
    }

    pub(super) fn read(&self, context: &Context<'_>) -> Reading {
        let shown = self.service.shown();
        let source =
            SourceRead { name: shown.clone(), made_at: Some(context.now.to_string()), ..SourceRead::default() };
        let mut reading = Reading { sources: vec![source], ..Reading::default() };
        match self.service.json(context, "/api/health", &[]) {
            Ok((status, health)) => match health["database"].as_str() {
                Some("ok") if status == 200 => {}
                Some("ok") => reading.missing.push(format!("{shown} says that it is well, with status {status}")),
                Some(word) => reading.broken.push(format!("{shown} is not well: its database is `{word}`")),
                None => reading.missing.push(format!("{shown} tells its health in an unknown shape: is it a Grafana?")),
            },
            Err(why) => reading.missing.push(why),
        }
        if !reading.missing.is_empty() || self.dashboards.is_empty() {
            return reading;
        }
        let (mut found, mut panels) = (0, 0);
        for uid in &self.dashboards {
            match self.service.json(context, &format!("/api/dashboards/uid/{uid}"), &[]) {
                Ok((200, answer)) if answer["dashboard"]["uid"].as_str() == Some(uid) => {
                    found += 1;
                    panels += answer["dashboard"]["panels"].as_array().map_or(0, Vec::len) as u64;
                }
                Ok((404, _)) => reading.broken.push(format!("{shown} has no dashboard {uid}")),
                Ok((status, _)) => {
                    reading.missing.push(format!("{shown} answers with {status} and an unknown shape for {uid}"));
                }
                Err(why) => reading.missing.push(why),
            }
        }
        reading.figure("dashboards", Figure::Count(found));
        reading.figure("panels", Figure::Count(panels));
        reading
    }
}
