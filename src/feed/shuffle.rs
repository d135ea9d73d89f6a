//! Numbers that follow from a seed without a state: a hash, a fair pick, and one place of a permutation at a time.

/// How often a place may be swapped: enough for a million rows to look shuffled, at some 100 ns.
const ROUNDS: u64 = 48;

/// A well mixed number for (`seed`, `k`): the finaliser of SplitMix64 (Steele, Lea and Flood, 2014), twice.
pub(super) fn hash(seed: u64, k: u64) -> u64 {
    mix(mix(seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_add(k.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

/// A fair pick out of `0..n` for a mixed number (Lemire's multiply and shift; the bias is below n / 2⁶⁴).
pub(super) fn below(n: u64, mixed: u64) -> u64 {
    ((u128::from(mixed) * u128::from(n)) >> 64) as u64
}

/// Where `place` of `0..n` goes in the permutation that `key` names: the swap-or-not shuffle (Hoang, Morris and
/// Rogaway, 2012), which needs no table, so that any row of any pass can be found at once.
pub(super) fn permuted(place: u64, n: u64, key: u64) -> u64 {
    let mut place = place;
    for round in 0..ROUNDS {
        let round_key = hash(key, round);
        let pivot = below(n, round_key);
        // The partner of the partner is the place itself, so that both make the same choice.
        let partner = if pivot >= place { pivot - place } else { n - (place - pivot) };
        if hash(round_key, place.max(partner)) & 1 == 1 {
            place = partner;
        }
    }
    place
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_key_names_a_permutation(n in 1..300_u64, key in any::<u64>()) {
            let mut places: Vec<u64> = (0..n).map(|place| permuted(place, n, key)).collect();
            places.sort_unstable();
            prop_assert_eq!(places, (0..n).collect::<Vec<_>>());
        }

        #[test]
        fn a_pick_is_in_range(n in 1..=u64::MAX, mixed in any::<u64>()) {
            prop_assert!(below(n, mixed) < n);
        }
    }

    #[test]
    fn all_orders_of_a_few_rows_are_about_as_likely() {
        let mut seen: BTreeMap<Vec<u64>, u32> = BTreeMap::new();
        for key in 0..24_000 {
            *seen.entry((0..4).map(|place| permuted(place, 4, key)).collect()).or_default() += 1;
        }
        assert_eq!(seen.len(), 24);
        // 1,000 each is expected, with a standard deviation of 31.
        assert!(seen.values().all(|count| (820..1_180).contains(count)), "{seen:?}");
    }

    #[test]
    fn very_large_tables_do_not_overflow() {
        assert!(permuted(u64::MAX / 2 - 1, u64::MAX / 2, 7) < u64::MAX / 2);
    }
}
