//! Which items may start, and which never will: pure, no clock and no thread.
//!
//! `needs` must have passed, `after` must be over. What was not asked for is taken as met.

use super::super::checklist::Item;

/// Where an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody asked for it.
    NotAsked,
    /// Something that it needs is not over yet, or there is no room.
    Waiting,
    /// It was started.
    Running,
    /// It passed.
    Passed,
    /// It was carried out, and did not pass.
    NotPassed,
    /// It was never started.
    NotStarted,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Start this item.
    Start(usize),
    /// This item never starts: that one, which it needs or comes after, did not pass.
    Leave {
        /// The item.
        item: usize,
        /// Its cause.
        cause: usize,
    },
}

/// The items of a release, by number.
#[derive(Debug, Clone)]
pub struct Schedule {
    states: Vec<State>,
    needs: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
    limit: usize,
}

impl Schedule {
    /// A schedule of `items`, of which those that are `asked` for are carried out, at most `limit` at one time.
    pub fn new(items: &[&Item], asked: impl Fn(usize) -> bool, limit: usize) -> Self {
        let number = |id: &String| items.iter().position(|item| item.id == *id);
        let numbers = |ids: &[String]| ids.iter().filter_map(number).collect();
        Self {
            states: (0..items.len()).map(|at| if asked(at) { State::Waiting } else { State::NotAsked }).collect(),
            needs: items.iter().map(|item| numbers(&item.needs)).collect(),
            after: items.iter().map(|item| numbers(&item.after)).collect(),
            limit: limit.max(1),
        }
    }

    /// What may be done now; items that are to be started count as running from here on.
    pub fn steps(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        // What is left out may decide over an item that was looked at before.
        loop {
            let before = steps.len();
            for item in 0..self.states.len() {
                if self.states[item] != State::Waiting {
                    continue;
                }
                if let Some(cause) = self.obstacle(item) {
                    self.states[item] = State::NotStarted;
                    steps.push(Step::Leave { item, cause });
                } else if self.is_free(item) && self.running() < self.limit {
                    self.states[item] = State::Running;
                    steps.push(Step::Start(item));
                }
            }
            if steps.len() == before {
                return steps;
            }
        }
    }

    /// Notes that `item` is over.
    pub fn end(&mut self, item: usize, passed: bool) {
        self.states[item] = if passed { State::Passed } else { State::NotPassed };
    }

    /// Gives up what has not been started, and says which items those are; what is to `stay` may still start.
    pub fn give_up(&mut self, stay: impl Fn(usize) -> bool) -> Vec<usize> {
        let is_waiting = |item: &usize| self.states[*item] == State::Waiting && !stay(*item);
        let waiting: Vec<usize> = (0..self.states.len()).filter(is_waiting).collect();
        waiting.iter().for_each(|item| self.states[*item] = State::NotStarted);
        waiting
    }

    /// The items that tidy up behind something that was started.
    pub fn tidying(&self) -> Vec<usize> {
        let is_started =
            |other: &usize| matches!(self.states[*other], State::Running | State::Passed | State::NotPassed);
        (0..self.after.len()).filter(|item| self.after[*item].iter().any(is_started)).collect()
    }

    /// How many items are under way.
    pub fn running(&self) -> usize {
        self.states.iter().filter(|state| **state == State::Running).count()
    }

    /// Whether nothing is under way and nothing can start any more.
    pub fn is_over(&self) -> bool {
        !self.states.iter().any(|state| matches!(state, State::Waiting | State::Running))
    }

    /// Where each item stands.
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// What keeps `item` from ever starting.
    fn obstacle(&self, item: usize) -> Option<usize> {
        let state = |other: &usize| self.states[*other];
        let is_over = |other: &usize| !matches!(state(other), State::Waiting | State::Running);
        let unmet = |other: &&usize| matches!(state(other), State::NotPassed | State::NotStarted);
        if let Some(cause) = self.needs[item].iter().find(unmet) {
            return Some(*cause);
        }
        // What tidies up has nothing to do where nothing was done.
        let asked: Vec<&usize> = self.after[item].iter().filter(|other| state(other) != State::NotAsked).collect();
        let none_started = asked.iter().all(|other| state(other) == State::NotStarted);
        let all_over = self.after[item].iter().all(is_over);
        asked.first().filter(|_| all_over && none_started).map(|cause| **cause)
    }

    fn is_free(&self, item: usize) -> bool {
        let met = |other: &usize| matches!(self.states[*other], State::Passed | State::NotAsked);
        let over = |other: &usize| !matches!(self.states[*other], State::Waiting | State::Running);
        self.needs[item].iter().all(met) && self.after[item].iter().all(over)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::release::run::fixture::item;

    /// Items that need and come after earlier ones, whether each is asked for, and whether it would pass.
    fn releases() -> impl Strategy<Value = (Vec<Item>, Vec<bool>, Vec<bool>)> {
        let one = (prop::collection::vec(0usize..12, 0..3), prop::collection::vec(0usize..12, 0..2), 0u8..5, 0u8..3);
        prop::collection::vec(one, 1..12).prop_map(|drawn| {
            let (mut items, mut asked, mut passes) = (Vec::new(), Vec::new(), Vec::new());
            for (at, (needs, after, is_asked, passing)) in drawn.into_iter().enumerate() {
                let earlier = |list: Vec<usize>| list.into_iter().filter(|other| *other < at).map(|n| n.to_string());
                let mut item = item(&at.to_string());
                item.needs = earlier(needs).collect();
                item.after = earlier(after).collect();
                items.push(item);
                asked.push(is_asked > 0);
                passes.push(passing > 0);
            }
            (items, asked, passes)
        })
    }

    proptest! {
        #[test]
        fn every_order_respects_what_is_needed_and_all_items_end(
            (items, asked, passes) in releases(),
            limit in 1usize..4,
            picks in prop::collection::vec(0usize..12, 64),
        ) {
            let items: Vec<&Item> = items.iter().collect();
            let mut schedule = Schedule::new(&items, |at| asked[at], limit);
            let (mut running, mut ended, mut left): (Vec<usize>, Vec<usize>, Vec<usize>) = Default::default();
            let number = |id: &String| id.parse::<usize>().unwrap();
            let mut picks = picks.into_iter().cycle();
            loop {
                for step in schedule.steps() {
                    match step {
                        Step::Start(at) => {
                            prop_assert!(asked[at] && !ended.contains(&at) && !running.contains(&at));
                            for other in items[at].needs.iter().map(number).filter(|other| asked[*other]) {
                                prop_assert!(ended.contains(&other) && passes[other], "{at} without {other}");
                            }
                            for other in items[at].after.iter().map(number).filter(|other| asked[*other]) {
                                prop_assert!(ended.contains(&other) || left.contains(&other), "{at} before {other}");
                            }
                            running.push(at);
                        }
                        Step::Leave { item, cause } => {
                            let linked = items[item].needs.iter().chain(&items[item].after).map(number);
                            prop_assert!(linked.into_iter().any(|other| other == cause));
                            prop_assert!(left.contains(&cause) || (ended.contains(&cause) && !passes[cause]));
                            left.push(item);
                        }
                    }
                }
                prop_assert!(running.len() <= limit);
                if running.is_empty() {
                    break;
                }
                let at = running.remove(picks.next().unwrap_or(0) % running.len());
                ended.push(at);
                schedule.end(at, passes[at]);
            }
            prop_assert!(schedule.is_over());
            prop_assert_eq!(ended.len() + left.len(), asked.iter().filter(|asked| **asked).count());
        }
    }

    fn steps_of(schedule: &mut Schedule) -> Vec<usize> {
        let start = |step| match step {
            Step::Start(at) => Some(at),
            Step::Leave { .. } => None,
        };
        schedule.steps().into_iter().filter_map(start).collect()
    }

    #[test]
    fn what_tidies_up_runs_after_a_failure_and_not_where_nothing_was_done() {
        let [previous, mut deploy, mut smoke, mut restore] = ["previous", "deploy", "smoke", "restore"].map(item);
        deploy.needs = vec!["previous".into()];
        smoke.needs = vec!["deploy".into()];
        restore.after = vec!["deploy".into(), "smoke".into()];
        let items = [&previous, &deploy, &smoke, &restore];
        for (results, restored) in [
            (vec![true, true, true], true),
            (vec![true, true, false], true),
            (vec![true, false], true),
            (vec![false], false),
        ] {
            let mut schedule = Schedule::new(&items, |_| true, 2);
            for (at, passed) in results.iter().enumerate() {
                assert_eq!(steps_of(&mut schedule), [at], "{results:?}");
                schedule.end(at, *passed);
            }
            let wanted: &[usize] = if restored { &[3] } else { &[] };
            assert_eq!(steps_of(&mut schedule), wanted, "{results:?}");
        }
        let mut alone = Schedule::new(&items, |at| at == 3, 2);
        assert_eq!(steps_of(&mut alone), [3], "asked for alone, it runs");
    }
}
