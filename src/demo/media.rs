//! The catalogue and the users' requests for media.
//!
//! The catalogue is invented on the fly from the query's hash, so every search finds something and the same search
//! always finds the same. Requests are kept up to a fixed number; then the oldest are forgotten.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use serde::Serialize;

use super::moment::Moment;

/// The query that finds nothing.
const FINDS_NOTHING: &str = "no-results";

/// One page of a search.
#[derive(Debug, Serialize)]
pub(super) struct SearchPage {
    results: Vec<Title>,
    pagination: Pagination,
}

/// A film or a series.
#[derive(Debug, Serialize)]
struct Title {
    id: u32,
    title: String,
    #[serde(rename = "mediaType")]
    media_type: &'static str,
    year: u32,
    overview: &'static str,
    available: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    page: u32,
    limit: u32,
    total: u32,
    total_pages: u32,
}

/// What a search for `query` finds: between 1 and 60 titles, but none for `no-results`.
pub(super) fn search(query: &str, page: u32, limit: u32) -> SearchPage {
    let query = query.trim();
    let seed = hash(&query.to_lowercase());
    let total = if query == FINDS_NOTHING { 0 } else { (seed % 60) as u32 + 1 };
    let first = (page - 1).saturating_mul(limit).min(total);
    let last = first.saturating_add(limit).min(total);
    SearchPage {
        results: (first..last).map(|index| title(query, seed, index)).collect(),
        pagination: Pagination { page, limit, total, total_pages: total.div_ceil(limit) },
    }
}

fn title(query: &str, seed: u64, index: u32) -> Title {
    let own = hash(&(seed, index));
    Title {
        id: (own % 1_000_000) as u32 + 1,
        title: if index == 0 { query.to_owned() } else { format!("{query} {}", index + 1) },
        media_type: if own & 1 == 0 { "movie" } else { "tv" },
        year: 1950 + ((own >> 8) % 75) as u32,
        overview: "A title that exists only in this demo.",
        available: own & 6 == 0,
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A user's wish for a title.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MediaRequest {
    id: String,
    title: String,
    media_type: &'static str,
    tmdb_id: u64,
    status: &'static str,
    #[serde(serialize_with = "as_text")]
    requested_by: Rc<str>,
    created_at: String,
}

fn as_text<S: serde::Serializer>(text: &Rc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

/// What a user asks for; already checked.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) title: String,
    pub(super) media_type: &'static str,
    pub(super) tmdb_id: u64,
}

/// The requests, newest last, at most `capacity` of them over all users.
#[derive(Debug)]
pub(super) struct MediaStore {
    capacity: usize,
    created: u64,
    by_user: HashMap<Rc<str>, VecDeque<MediaRequest>>,
    /// Whose request came when: the oldest is forgotten first.
    order: VecDeque<Rc<str>>,
    known: HashSet<(Rc<str>, &'static str, u64)>,
}

impl MediaStore {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            created: 0,
            by_user: HashMap::new(),
            order: VecDeque::new(),
            known: HashSet::new(),
        }
    }

    /// Keeps a wish; none if the same user already asked for the same title.
    pub(super) fn create(&mut self, user: &str, wish: Wish, now: Moment) -> Option<&MediaRequest> {
        let user: Rc<str> = self.by_user.get_key_value(user).map_or_else(|| user.into(), |(known, _)| Rc::clone(known));
        if !self.known.insert((Rc::clone(&user), wish.media_type, wish.tmdb_id)) {
            return None;
        }
        if self.order.len() >= self.capacity {
            self.forget_oldest();
        }
        self.created += 1;
        let request = MediaRequest {
            id: format!("request-{}", self.created),
            title: wish.title,
            media_type: wish.media_type,
            tmdb_id: wish.tmdb_id,
            status: "pending",
            requested_by: Rc::clone(&user),
            created_at: now.iso(),
        };
        self.order.push_back(Rc::clone(&user));
        let list = self.by_user.entry(user).or_default();
        list.push_back(request);
        list.back()
    }

    /// A user's requests, newest first.
    pub(super) fn list(&self, user: &str, status: Option<&str>, limit: usize) -> Vec<&MediaRequest> {
        let all = self.by_user.get(user).into_iter().flat_map(|list| list.iter().rev());
        all.filter(|request| status.is_none_or(|status| status == request.status)).take(limit).collect()
    }

    /// How many requests of a user are kept.
    pub(super) fn count(&self, user: &str) -> usize {
        self.by_user.get(user).map_or(0, VecDeque::len)
    }

    fn forget_oldest(&mut self) {
        let Some(user) = self.order.pop_front() else {
            return;
        };
        let Some(list) = self.by_user.get_mut(&user) else {
            return;
        };
        if let Some(request) = list.pop_front() {
            self.known.remove(&(Rc::clone(&user), request.media_type, request.tmdb_id));
        }
        if list.is_empty() {
            self.by_user.remove(&user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(tmdb_id: u64) -> Wish {
        Wish { title: format!("Title {tmdb_id}"), media_type: "movie", tmdb_id }
    }

    fn now() -> Moment {
        Moment::new(std::time::Duration::ZERO, 0)
    }

    #[test]
    fn a_search_always_finds_the_same_and_pages_do_not_overlap() {
        let all = search("lantern", 1, 100);
        assert!(!all.results.is_empty());
        let mut paged = Vec::new();
        for page in 1..=all.pagination.total.div_ceil(7) {
            paged.extend(search("lantern", page, 7).results.into_iter().map(|title| title.title));
        }
        assert_eq!(paged, all.results.iter().map(|title| title.title.clone()).collect::<Vec<_>>());
        assert!(search("lantern", u32::MAX, 100).results.is_empty());
        assert!(search(FINDS_NOTHING, 1, 10).results.is_empty());
    }

    #[test]
    fn the_same_wish_twice_is_refused_but_another_user_may_have_it() {
        let mut store = MediaStore::new(10);
        assert!(store.create("a", wish(1), now()).is_some());
        assert!(store.create("a", wish(1), now()).is_none());
        assert!(store.create("b", wish(1), now()).is_some());
    }

    #[test]
    fn a_list_shows_the_users_own_newest_first() {
        let mut store = MediaStore::new(10);
        for id in 1..=3 {
            store.create("a", wish(id), now());
        }
        store.create("b", wish(9), now());
        let ids: Vec<_> = store.list("a", None, 2).iter().map(|request| request.tmdb_id).collect();
        assert_eq!(ids, [3, 2]);
        assert_eq!(store.list("a", Some("pending"), 9).len(), 3);
        assert!(store.list("a", Some("approved"), 9).is_empty());
        assert!(store.list("nobody", None, 9).is_empty());
    }

    #[test]
    fn memory_is_bounded_by_forgetting_the_oldest() {
        let mut store = MediaStore::new(3);
        for id in 1..=100 {
            store.create("a", wish(id), now());
        }
        assert_eq!((store.list("a", None, 1_000).len(), store.count("a")), (3, 3));
        assert_eq!((store.order.len(), store.known.len()), (3, 3));
        assert!(store.create("a", wish(1), now()).is_some(), "forgotten, so it may be asked for again");
    }
}
