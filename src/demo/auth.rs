//! Who is asking: demo accounts, session tokens and CSRF tokens.
//!
//! Tokens look like JWTs (three base64url parts) and are signed with a seeded hash of the standard library.
//! **This is no security**: it only lets the demo refuse what it did not issue. State is not kept; a token says all
//! there is to know, and signing out does not revoke it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, COOKIE};
use serde::{Deserialize, Serialize};

use super::base64url;
use super::moment::Moment;

/// The domain of all demo accounts.
const DOMAIN: &str = "@medianest.example";

/// Issues and checks tokens.
#[derive(Debug)]
pub(super) struct Authority {
    seed: u64,
    lifetime: Duration,
}

/// What a request's token says about its sender.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// No token.
    Anonymous,
    /// Something that is no token at all.
    Malformed,
    /// A token with a wrong signature.
    Forged,
    /// A token whose time is over.
    Expired,
    /// A good token.
    User(Session),
}

/// A signed-in user.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Session {
    /// Who.
    pub(super) email: String,
    /// When the token ends, in milliseconds since 1970.
    pub(super) expires_ms: u64,
}

/// A token's middle part; times in seconds since 1970, with a fraction, as JWT allows.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    sub: String,
    iat: f64,
    exp: f64,
}

impl Authority {
    pub(super) fn new(seed: u64, lifetime: Duration) -> Self {
        Self { seed, lifetime }
    }

    /// How long a token is good for.
    pub(super) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// A fresh token for `email`.
    pub(super) fn issue(&self, email: &str, now: Moment) -> String {
        let claims = Claims {
            sub: email.to_owned(),
            iat: now.epoch_ms() as f64 / 1_000.0,
            exp: now.later(self.lifetime).epoch_ms() as f64 / 1_000.0,
        };
        let head = base64url::encode(br#"{"alg":"HS256","typ":"JWT"}"#);
        let middle = base64url::encode(&serde_json::to_vec(&claims).unwrap_or_default());
        let signed = format!("{head}.{middle}");
        let signature = self.sign(&signed);
        format!("{signed}.{signature}")
    }

    /// Who sent these headers: the bearer token, else the `auth-token` cookie.
    pub(super) fn identify(&self, headers: &HeaderMap, now: Moment) -> Identity {
        let bearer = bearer(headers);
        match bearer.or_else(|| cookie(headers, "auth-token")) {
            None | Some("") => Identity::Anonymous,
            Some(token) => self.read(token, now),
        }
    }

    fn read(&self, token: &str, now: Moment) -> Identity {
        let Some(((signed, signature), claims)) = token.rsplit_once('.').zip(claims_of(token)) else {
            return Identity::Malformed;
        };
        if self.sign(signed) != signature {
            return Identity::Forged;
        }
        let expires_ms = (claims.exp * 1_000.0).round() as u64;
        if now.epoch_ms() >= expires_ms {
            return Identity::Expired;
        }
        Identity::User(Session { email: claims.sub, expires_ms })
    }

    /// A new token for a session in the last third of its life, else none.
    pub(super) fn renewal(&self, session: &Session, now: Moment) -> Option<String> {
        let third_ms = self.lifetime.as_millis() / 3;
        let left_ms = session.expires_ms.saturating_sub(now.epoch_ms());
        (u128::from(left_ms) <= third_ms).then(|| self.issue(&session.email, now))
    }

    /// The CSRF token number `number`; each is another.
    pub(super) fn csrf_token(&self, number: u64) -> String {
        let nonce = base64url::encode(&self.hash(&("csrf nonce", number)).to_be_bytes());
        let signature = self.sign(&nonce);
        format!("{nonce}.{signature}")
    }

    /// True if the `csrf-token` cookie and the `X-CSRF-Token` header hold the same token and it was issued here.
    pub(super) fn csrf_holds(&self, headers: &HeaderMap) -> bool {
        let sent = headers.get("x-csrf-token").and_then(|value| value.to_str().ok());
        let Some((sent, kept)) = sent.zip(cookie(headers, "csrf-token")) else {
            return false;
        };
        let genuine = sent.split_once('.').is_some_and(|(nonce, signature)| self.sign(nonce) == signature);
        genuine && sent == kept
    }

    fn sign(&self, text: &str) -> String {
        let words = [0_u8, 1, 2, 3].map(|round| self.hash(&(round, text)).to_be_bytes());
        base64url::encode(words.as_flattened())
    }

    fn hash(&self, value: &impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.seed.hash(&mut hasher);
        value.hash(&mut hasher);
        hasher.finish()
    }
}

/// The token of `Authorization: Bearer …`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// True for `user@medianest.example` and `userN@medianest.example`, whatever the number.
pub(super) fn is_account(email: &str) -> bool {
    email
        .strip_suffix(DOMAIN)
        .and_then(|name| name.strip_prefix("user"))
        .is_some_and(|number| number.len() <= 12 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn claims_of(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (_head, middle, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    serde_json::from_slice(&base64url::decode(middle)?).ok()
}

/// A cookie's value; of several with the name, the last.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value)
        .next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::new(Duration::from_secs(seconds), 1_700_000_000_000)
    }

    fn authority() -> Authority {
        Authority::new(1, Duration::from_secs(900))
    }

    #[test]
    fn an_issued_token_is_good_until_its_time_is_over() {
        let token = authority().issue("user@medianest.example", at(0));
        assert_eq!(token.split('.').count(), 3);
        assert!(matches!(authority().read(&token, at(899)), Identity::User(s) if s.email == "user@medianest.example"));
        assert_eq!(authority().read(&token, at(900)), Identity::Expired);
    }

    #[test]
    fn a_token_of_another_seed_is_refused() {
        let foreign = Authority::new(2, Duration::from_secs(900)).issue("user@medianest.example", at(0));
        assert_eq!(authority().read(&foreign, at(0)), Identity::Forged);
    }

    #[test]
    fn what_is_no_token_is_malformed() {
        for text in ["garbage", "a.b.c", "a.b", "a.b.c.d", "..", "Zg.Zg.Zg"] {
            assert_eq!(authority().read(text, at(0)), Identity::Malformed, "{text}");
        }
    }

    #[test]
    fn a_token_is_renewed_in_its_last_third_only() {
        let session = Session { email: "user@medianest.example".into(), expires_ms: at(900).epoch_ms() };
        assert_eq!(authority().renewal(&session, at(599)), None);
        let renewed = authority().renewal(&session, at(600)).unwrap();
        assert!(matches!(authority().read(&renewed, at(1_499)), Identity::User(_)));
    }

    #[test]
    fn accounts_are_user_with_or_without_a_number() {
        assert!(is_account("user@medianest.example"));
        assert!(is_account("user42@medianest.example"));
        for email in ["userx@medianest.example", "user@elsewhere.example", "admin@medianest.example", ""] {
            assert!(!is_account(email), "{email}");
        }
    }

    #[test]
    fn of_two_csrf_cookies_the_last_counts() {
        let (first, last) = (authority().csrf_token(1), authority().csrf_token(2));
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, format!("csrf-token={first}; csrf-token={last}").parse().unwrap());
        assert!(!authority().csrf_holds(&headers), "no header");
        headers.insert("x-csrf-token", first.parse().unwrap());
        assert!(!authority().csrf_holds(&headers));
        headers.insert("x-csrf-token", last.parse().unwrap());
        assert!(authority().csrf_holds(&headers));
    }
}
